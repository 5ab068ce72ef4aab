/**
 * Lets a child process of a test run the TypeScript sources as they are: `node --import <this file> program.ts`.
 * The project's TypeScript is erasable, so stripping the types is all there is to do.
 */
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transformSync } from ${JSON.stringify(import.meta.resolve('rolldown/utils'))};

export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) {
    return next(url, context);
  }
  const file = fileURLToPath(url);
  const { code, errors } = transformSync(file, await readFile(file, 'utf8'), { sourcemap: false });
  if (errors.length > 0) {
    throw new SyntaxError(errors.map((error) => error.message).join('; '));
  }
  return { format: 'module', source: code, shortCircuit: true };
}
`)}`,
);
