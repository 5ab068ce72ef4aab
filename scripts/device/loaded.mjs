// For pack.sh: writes the name of every package that a program imports, one a line, to the file that LOADED names.
import { register } from 'node:module';

const hooks = `
import { appendFileSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  const [, name] = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(found.url) ?? [];
  if (name !== undefined) {
    appendFileSync(process.env.LOADED, name + '\\n');
  }
  return found;
}
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
