/**
 * Checks options against a command's spec, whoever parsed them: what a platform promises to have checked is checked
 * again here, and from here on the values have the spec's types.
 */
import type { CommandSpec, OptionSpec, OptionsOf, OptionValue, Upload } from '../src/core/command.ts';
import { UserError } from '../src/core/errors.ts';
import { closest } from './closest.ts';
import { visibleText } from './visible-text.ts';

/** What is used where an option is left out, for the sentence that refuses a number. */
export type Fallbacks = Readonly<Record<string, number>>;

/** Throws `UserError` `option.*`: missing, of another kind, out of range, too long. Options of other names are dropped. */
export function checkOptions<S extends CommandSpec>(
  spec: S,
  options: Readonly<Record<string, OptionValue | undefined>>,
  fallbacks: Fallbacks = {},
): OptionsOf<S> {
  const checked: Record<string, OptionValue> = {};
  for (const option of spec.options) {
    const given = options[option.name];
    const value = option.kind === 'text' && typeof given === 'string' ? visibleText(given) : given;
    const isMissing = value === undefined || (typeof value === 'string' && value.trim() === '');
    if (!isMissing) {
      checked[option.name] = checkValue(option, value, fallbacks[option.name]);
    } else if (option.isRequired) {
      throw new UserError('option.missing', `This needs ${option.name}. Write it after the command.`, {
        params: { option: option.name },
      });
    }
  }
  // The loop above has just established the type, option by option.
  return checked as OptionsOf<S>;
}

function checkValue(option: OptionSpec, value: OptionValue, fallback: number | undefined): OptionValue {
  switch (option.kind) {
    case 'text':
      return checkText(option, value);
    case 'choice':
      return checkChoice(option, value);
    case 'integer':
    case 'number':
      return checkNumber(option, value, fallback);
    case 'boolean':
      if (typeof value !== 'boolean') {
        throw refusal(
          'option.boolean',
          `--${option.name} can be yes or no; you wrote “${shown(value)}”.`,
          option,
          value,
        );
      }
      return value;
    case 'image':
    case 'file':
      return checkUpload(option, value);
    default:
      return option satisfies never;
  }
}

function checkText(option: OptionSpec & { readonly kind: 'text' }, value: OptionValue): string {
  const text = isUpload(value) ? value.name : String(value);
  if (text.length > option.maxLength) {
    throw new UserError(
      'option.long',
      `--${option.name} can have ${option.maxLength} characters; yours has ${text.length}. Make it shorter.`,
      { params: { option: option.name, max: option.maxLength, given: text.length } },
    );
  }
  return text;
}

function checkChoice(option: OptionSpec & { readonly kind: 'choice' }, value: OptionValue): string {
  const found = option.choices.find((choice) => choice === value);
  if (found === undefined) {
    const choices = option.choices.join(', ');
    const near = closest(shown(value), option.choices) ?? option.choices[0] ?? '';
    throw new UserError(
      'option.choice',
      `--${option.name} can be ${choices}; you wrote “${shown(value)}”. Did you mean ${near}?`,
      { params: { option: option.name, choices, given: shown(value), closest: near } },
    );
  }
  return found;
}

function checkNumber(
  option: OptionSpec & { readonly kind: 'integer' | 'number' },
  value: OptionValue,
  fallback: number | undefined,
): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw refusal('option.number', `--${option.name} takes a number; you wrote “${shown(value)}”.`, option, value);
  }
  if (option.kind === 'integer' && !Number.isInteger(value)) {
    throw refusal('option.integer', `--${option.name} takes a whole number; you wrote “${value}”.`, option, value);
  }
  if (value < option.min || value > option.max) {
    const label = `${option.name.charAt(0).toUpperCase()}${option.name.slice(1)}`;
    const { min, max } = option;
    const sentence = `${label} can be ${min} to ${max}; you asked for ${value}.`;
    // Seeds and the like are shown as they are written, without thousands separators.
    const params = { option: option.name, label, min: String(min), max: String(max), given: String(value) };
    if (fallback === undefined) {
      throw new UserError('option.range', sentence, { params });
    }
    throw new UserError(
      'option.range-default',
      `${sentence} Leave it out and ${fallback} ${fallback === 1 ? 'is' : 'are'} used.`,
      {
        params: { ...params, fallback },
      },
    );
  }
  return value;
}

function checkUpload(option: OptionSpec & { readonly kind: 'image' | 'file' }, value: OptionValue): Upload {
  if (!isUpload(value)) {
    throw refusal(
      'option.attach',
      `--${option.name} takes an attached file, not words. Attach it, or leave it out.`,
      option,
      value,
    );
  }
  const name = value.name.toLowerCase();
  if (option.kind === 'file' && !option.endings.some((ending) => name.endsWith(ending))) {
    const endings = option.endings.join(', ');
    throw new UserError('option.file', `--${option.name} takes a file (${endings}); you gave “${value.name}”.`, {
      params: { option: option.name, endings, given: value.name },
    });
  }
  return value;
}

function isUpload(value: OptionValue): value is Upload {
  return typeof value === 'object';
}

function shown(value: OptionValue): string {
  return isUpload(value) ? value.name : String(value);
}

function refusal(code: string, sentence: string, option: OptionSpec, value: OptionValue): UserError {
  return new UserError(code, sentence, { params: { option: option.name, given: shown(value) } });
}
