/** What is said of an option that a command does not have: what was probably meant, or all that there is. */
import type { CommandSpec } from '../src/core/command.ts';
import { UserError } from '../src/core/errors.ts';
import { closest } from './closest.ts';
import { foreignOption } from './foreign-options.ts';

export function unknownOption(spec: CommandSpec, given: string): UserError {
  const foreign = foreignOption(given);
  if (foreign !== undefined && spec.name === 'imagine') {
    const { nearest } = foreign;
    return nearest === undefined
      ? new UserError(
          'option.foreign-none',
          `--${given} means nothing here: the model is the server’s. Leave it out.`,
          {
            params: { given },
          },
        )
      : new UserError('option.foreign', `There is no --${given} here. What comes nearest is --${nearest}.`, {
          params: { given, nearest },
        });
  }
  const names = [...spec.options.map((option) => option.name), ...Object.keys(spec.aliases ?? {})];
  const near = closest(given, names);
  if (near !== undefined) {
    return new UserError('option.unknown', `There is no option --${given}. Did you mean --${near}?`, {
      params: { given, closest: near },
    });
  }
  const options = spec.options.map((option) => `--${option.name}`).join(', ');
  return new UserError('option.unknown-far', `There is no option --${given}. There are: ${options}.`, {
    params: { given, options },
  });
}
