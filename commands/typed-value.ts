/** A word that was typed → a value of its option's kind, in the spellings that people use. Checks no bounds. */
import type { OptionSpec } from '../src/core/command.ts';
import { UserError } from '../src/core/errors.ts';

/** Throws `UserError` `option.*` for a word where a number or a file belongs. */
export function typed(option: OptionSpec, word: string): string | number {
  switch (option.kind) {
    case 'integer':
    case 'number': {
      const number = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/iu.test(word)
        ? Number(word.replace(',', '.'))
        : Number.NaN;
      if (Number.isNaN(number) || (option.kind === 'integer' && !Number.isInteger(number))) {
        const what = option.kind === 'integer' ? 'a whole number' : 'a number';
        throw new UserError(`option.${option.kind}`, `--${option.name} takes ${what}; you wrote “${word}”.`, {
          params: { option: option.name, given: word },
        });
      }
      return number;
    }
    case 'image':
    case 'file':
      throw new UserError(
        'option.attach',
        `--${option.name} takes an attached file, not words. Attach it, or leave it out.`,
        { params: { option: option.name } },
      );
    case 'text':
    case 'choice':
    case 'boolean':
      return word;
    default:
      return option satisfies never;
  }
}

/** Undefined for a word that is neither yes nor no. */
export function truthOf(word: string): boolean | undefined {
  switch (word.toLowerCase()) {
    case 'yes':
    case 'true':
    case 'on':
      return true;
    case 'no':
    case 'false':
    case 'off':
      return false;
    default:
      return undefined;
  }
}
