/**
 * The free-text grammar that every chat shares: `a fox --seed 7 --no text --ar 3:2 --style neon`.
 *
 * An option begins a word with two dashes (or with the long dashes that phones make of them) and takes a word, words
 * up to the next option, or a quoted text. What belongs to no option is the text option's, wherever it stands: nothing
 * that was typed is lost. `\--` is two dashes that begin no option. `formatCommand` is the inverse of `parseFreeText`.
 */
import type { CommandSpec, OptionSpec } from '../src/core/command.ts';
import { UserError } from '../src/core/errors.ts';
import { DASHES, escaped, quoteEnd, quoted, unescaped, unquoted } from './quoting.ts';
import { truthOf, typed } from './typed-value.ts';
import { unknownOption } from './unknown-option.ts';
import { visibleText } from './visible-text.ts';

export type FreeTextOptions = Readonly<Record<string, string | number | boolean>>;

/** An option's name at the head of a word; an equals sign or a colon may follow. */
const HEAD = new RegExp(`(${DASHES})(\\p{L}[\\p{L}\\p{N}_-]*)(?=$|[\\s=:])`, 'uy');
/** What may stand between a name and its value. */
const SEPARATOR = /^(?::|\s*=)?\s*/u;
type Flag = { readonly start: number; readonly end: number; readonly option: OptionSpec };

/**
 * Takes a chat's free text apart; values have the types of the spec but are not checked against its bounds.
 * Throws `UserError` `option.*` in one sentence: an unknown or repeated option, a missing value, a word for a number.
 */
export function parseFreeText(spec: CommandSpec, typed: string): FreeTextOptions {
  const text = visibleText(typed);
  const options: Record<string, string | number | boolean> = {};
  const flags = findFlags(spec, text);
  const loose = [text.slice(0, flags[0]?.start ?? text.length)];
  for (const [index, flag] of flags.entries()) {
    const rest = text.slice(flag.end, flags[index + 1]?.start ?? text.length);
    const { value, left } = takeValue(flag, rest);
    loose.push(left);
    const before = options[flag.option.name];
    if (before === undefined) {
      options[flag.option.name] = value;
    } else if (flag.option.kind === 'text' && !isWord(flag.option)) {
      options[flag.option.name] = `${String(before)}, ${String(value)}`;
    } else if (before !== value) {
      throw new UserError(
        'option.twice',
        `--${flag.option.name} can be given once; it came as ${String(before)} and as ${String(value)}. Leave one out.`,
        { params: { option: flag.option.name, first: String(before), second: String(value) } },
      );
    }
  }
  return withLooseText(spec, options, loose);
}

/** The free text that `parseFreeText` reads back as the same options. Uploads have no text and are left out. */
export function formatCommand(spec: CommandSpec, options: Readonly<Record<string, unknown>>): string {
  const named = spec.options
    .filter((option) => option.name !== spec.textOption)
    .map((option) => formatOption(option, options[option.name]))
    .filter((part) => part !== '');
  const loose = spec.textOption === undefined ? undefined : options[spec.textOption];
  if (typeof loose !== 'string' || loose === '') {
    return named.join(' ');
  }
  // As few backslashes as the words allow.
  const candidates = [loose, escaped(loose, 'options'), escaped(loose, 'all')];
  const texts = candidates.map((candidate) => [candidate, ...named].join(' '));
  return texts.find((candidate) => findLoose(spec, candidate) === loose.trim()) ?? texts.at(-1) ?? '';
}

function formatOption(option: OptionSpec, value: unknown): string {
  if (typeof value === 'string') {
    const isPlain =
      option.kind === 'choice' || (isWord(option) && /^[\p{L}\p{N}_.:/%?&@+][\p{L}\p{N}_.:/%?&=@+-]*$/u.test(value));
    return `--${option.name} ${isPlain ? value : quoted(value)}`;
  }
  if (typeof value === 'boolean') {
    return `--${option.name} ${value ? 'yes' : 'no'}`;
  }
  return typeof value === 'number' ? `--${option.name} ${value}` : '';
}

/** The words that belong to no option; undefined where the text does not parse. */
function findLoose(spec: CommandSpec, text: string): unknown {
  try {
    return parseFreeText(spec, text)[spec.textOption ?? ''];
  } catch (error) {
    if (error instanceof UserError) {
      return undefined;
    }
    throw error;
  }
}

/** Goes from word to word; what is quoted, and what an option takes as its quoted value, is passed over. */
function findFlags(spec: CommandSpec, text: string): readonly Flag[] {
  const flags: Flag[] = [];
  let at = wordAfter(text, 0, 0);
  while (at < text.length) {
    const flag = flagAt(spec, text, at);
    let end = at + 1;
    if (flag !== undefined) {
      flags.push(flag);
      end = quotedValueEnd(flag.option, text, flag.end) ?? flag.end;
    } else {
      const close = quoteEnd(text.slice(at), true);
      end = close === undefined ? end : at + close + 1;
    }
    at = wordAfter(text, end, flag === undefined ? 1 : 0);
  }
  return flags;
}

/** The start of the next word from `from` on; with `skip` 1, what is left of the word at `from` is passed over first. */
function wordAfter(text: string, from: number, skip: 0 | 1): number {
  const pattern = skip === 1 ? /\S*\s*/uy : /\s*/uy;
  pattern.lastIndex = from;
  pattern.exec(text);
  return pattern.lastIndex === 0 ? from : pattern.lastIndex;
}

function flagAt(spec: CommandSpec, text: string, at: number): Flag | undefined {
  HEAD.lastIndex = at;
  const match = HEAD.exec(text);
  if (match === null) {
    return undefined;
  }
  const [whole, dashes = '', given = ''] = match;
  const option = optionNamed(spec, given);
  if (option !== undefined) {
    return { start: at, end: at + whole.length, option };
  }
  // `--ar16:9`, `--seed7`: the value follows at once.
  const [name = ''] = /^\p{L}+(?=\d)/u.exec(given) ?? [];
  const glued = name === '' ? undefined : optionNamed(spec, name);
  if (glued !== undefined) {
    return { start: at, end: at + dashes.length + name.length, option: glued };
  }
  if (dashes !== '--') {
    return undefined; // a dash of prose: "the sea —calm and wide"
  }
  throw unknownOption(spec, given);
}

function optionNamed(spec: CommandSpec, given: string): OptionSpec | undefined {
  const name = given.toLowerCase();
  const aliases = spec.aliases ?? {};
  const real = Object.hasOwn(aliases, name) ? aliases[name] : name;
  return spec.options.find((option) => option.name === real);
}

/** The value at the head of `rest`, and what of it belongs to the text option. */
function takeValue(flag: Flag, rest: string): { readonly value: string | number | boolean; readonly left: string } {
  const { option } = flag;
  const body = rest.replace(SEPARATOR, '');
  const end = option.kind === 'text' ? quoteEnd(body) : undefined;
  if (end !== undefined) {
    return { value: unquoted(body.slice(1, end)), left: body.slice(end + 1) };
  }
  const word = /^\S+/u.exec(body)?.[0] ?? '';
  if (option.kind === 'boolean') {
    const truth = truthOf(word);
    return truth === undefined ? { value: true, left: body } : { value: truth, left: body.slice(word.length) };
  }
  if (word === '') {
    throw new UserError('option.empty', `--${option.name} needs a value after it. Write one, or leave it out.`, {
      params: { option: option.name },
    });
  }
  if (option.kind === 'text' && !isWord(option)) {
    return { value: unescaped(body).trim(), left: '' };
  }
  return { value: typed(option, unescaped(word)), left: body.slice(word.length) };
}

function withLooseText(
  spec: CommandSpec,
  options: Readonly<Record<string, string | number | boolean>>,
  loose: readonly string[],
): FreeTextOptions {
  const words = loose
    .map((part) => unescaped(part).trim())
    .filter((part) => part !== '')
    .join(' ');
  if (words === '') {
    return options;
  }
  if (spec.textOption === undefined) {
    throw new UserError(
      'option.loose',
      `/${spec.name} takes no words of its own; you wrote “${words}”. Leave them out.`,
      {
        params: { command: spec.name, given: words },
      },
    );
  }
  const named = options[spec.textOption];
  return { ...options, [spec.textOption]: named === undefined ? words : `${words} ${String(named)}` };
}

/** Where the quoted value after an option's name ends in `text`; undefined if none begins there or it never ends. */
function quotedValueEnd(option: OptionSpec, text: string, from: number): number | undefined {
  if (option.kind !== 'text') {
    return undefined;
  }
  const rest = text.slice(from);
  const body = rest.replace(SEPARATOR, '');
  const end = quoteEnd(body);
  return end === undefined ? undefined : from + (rest.length - body.length) + end + 1;
}

function isWord(option: OptionSpec): boolean {
  return option.kind === 'text' && option.isWord === true;
}
