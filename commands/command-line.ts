/**
 * A whole line that begins with a slash, as people type it on the page: `/style add neon --weight 0.8` → the spec and its
 * options. Which words are the command's name is decided here; the rest is the shared grammar's.
 */
import type { CommandSpec } from '../src/core/command.ts';
import { UserError } from '../src/core/errors.ts';
import { closest } from './closest.ts';
import { type FreeTextOptions, parseFreeText } from './grammar.ts';
import { COMMANDS } from './index.ts';

export type CommandLine = { readonly spec: CommandSpec; readonly options: FreeTextOptions };

/** Throws `UserError` `command.unknown`, `command.unknown-near` with the closest name, or what the grammar throws. */
export function parseCommandLine(line: string): CommandLine {
  const words = line.replace(/^\//, '').trim();
  // Two-word names come first, so that `/style add` is not taken for a `/style` with text.
  const byLength = [...COMMANDS].toSorted((a, b) => b.name.length - a.name.length);
  const spec = byLength.find(
    ({ name }) => words === name || words.startsWith(`${name} `) || words.startsWith(`${name}\n`),
  );
  if (spec === undefined) {
    const given = words.split(/\s+/).slice(0, 2).join(' ');
    const near =
      closest(
        given,
        COMMANDS.map(({ name }) => name),
      ) ??
      closest(
        given.split(' ')[0] ?? '',
        COMMANDS.map(({ name }) => name),
      );
    throw near === undefined
      ? new UserError('command.unknown', `There is no command /${given}. Type / to see them all.`, {
          params: { given },
        })
      : new UserError('command.unknown-near', `There is no command /${given}. Did you mean /${near}?`, {
          params: { given, closest: near },
        });
  }
  return { spec, options: parseFreeText(spec, words.slice(spec.name.length)) };
}
