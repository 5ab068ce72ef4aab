/**
 * What a slash command asks: which spec, with which options. Knows the grammar that all chats share and Slack's way of
 * writing text; no network and no handler.
 *
 * Slack gives one string and no files, so a command that still needs something (words, a file) is asked for in a modal.
 */
import { COMMANDS, type CommandName } from '../../../commands/index.ts';
import { formatCommand, parseFreeText } from '../../../commands/grammar.ts';
import type { CommandSpec, OptionValue } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';

export type Asked = {
  readonly spec: CommandSpec & { readonly name: CommandName };
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Something is missing that a modal can ask for. */
  readonly isIncomplete: boolean;
};

/** `imagine`, `style`, …: what follows the slash, each once, in the order of the specs. */
export const COMMAND_ROOTS: readonly string[] = [...new Set(COMMANDS.map((spec) => rootOf(spec.name)))];

/**
 * `/style add neon --weight 0.8` → spec and options. Any command that is not one of ours (`/fourstep`, where a workspace
 * has another `/imagine`) means what its first word says. Throws `UserError`: no such command, or a bad option.
 */
export function readSlashCommand(command: string, text: string): Asked {
  if (plainText(text).trim().toLowerCase() === 'help') {
    // What Slack asks every command to answer.
    return { spec: specNamed('help'), options: {}, isIncomplete: false };
  }
  const { spec, rest } = findSpec(command.replace(/^\//, '').toLowerCase(), plainText(text).trim());
  const options = parseFreeText(spec, rest);
  // The prompt is read for options once more where every chat's prompts are: what is no option has to stay none.
  const prompt = options['prompt'];
  const kept = prompt === undefined ? options : { ...options, prompt: formatCommand(spec, { prompt }) };
  return { spec, options: kept, isIncomplete: isIncomplete(spec, options) };
}

/** The spec of a name as the modals carry it. Throws `UserError` where there is none. */
export function specNamed(name: string): Asked['spec'] {
  const spec = COMMANDS.find((candidate) => candidate.name === name);
  if (spec === undefined) {
    throw noSuchCommand(
      name,
      COMMANDS.map((candidate) => `/${candidate.name}`),
    );
  }
  return spec;
}

/** Slack's text as it was typed: entities and automatic links undone. */
export function plainText(text: string): string {
  return text
    .replace(/<((?:https?|mailto):[^|>]+)(?:\|[^>]*)?>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function findSpec(root: string, text: string): { readonly spec: Asked['spec']; readonly rest: string } {
  const group: readonly Asked['spec'][] = COMMANDS.filter((spec) => rootOf(spec.name) === root);
  const [whole] = group;
  const [, word = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(text) ?? [];
  if (whole === undefined) {
    const next = word.replace(/^\//, '').toLowerCase();
    if (!COMMAND_ROOTS.includes(next)) {
      throw noSuchCommand(
        next === '' ? root : next,
        COMMAND_ROOTS.map((name) => `/${name}`),
      );
    }
    return findSpec(next, rest.trim());
  }
  if (whole.name === root) {
    return { spec: whole, rest: text };
  }
  const list = group.find((spec) => spec.name === `${root} list`);
  const named = group.find((spec) => spec.name === `${root} ${word.toLowerCase()}`);
  if (named !== undefined) {
    return { spec: named, rest };
  }
  if (word === '' && list !== undefined) {
    return { spec: list, rest: '' };
  }
  throw noSuchCommand(
    `${root} ${word}`.trim(),
    group.map((spec) => `/${spec.name}`),
  );
}

function isIncomplete(spec: CommandSpec, options: Readonly<Record<string, unknown>>): boolean {
  const isMissing = spec.options.some((option) => option.isRequired && options[option.name] === undefined);
  const takesFile = spec.options.some((option) => option.kind === 'file');
  return isMissing || (takesFile && options['url'] === undefined);
}

function rootOf(name: string): string {
  return name.split(' ')[0] ?? name;
}

function noSuchCommand(given: string, commands: readonly string[]): UserError {
  return new UserError('command.unknown', `There is no /${given}. There are: ${commands.join(', ')}.`, {
    params: { given, commands: commands.join(', ') },
  });
}
