/**
 * The command specs as the page's palette and forms need them, in the reader's language. Pure data out of data.
 */
import { COMMANDS } from '../../../commands/index.ts';
import { describeCommand, describeOption, TEXTS } from '../../bot/texts/index.ts';
import type { CommandSpec, OptionSpec } from '../../core/command.ts';
import type { Locale } from '../../core/people.ts';

export type PageOption = OptionSpec & { readonly description: string };

export type PageCommand = {
  readonly name: string;
  readonly description: string;
  readonly audience: CommandSpec['audience'];
  /** Short name → option. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly options: readonly PageOption[];
};

/** They never change, and every page that is opened asks for them; words are the page's own, without their prefix. */
export const PAGE_TEXTS = { en: made('en'), de: made('de') } as const satisfies Readonly<Record<Locale, unknown>>;

function made(locale: Locale): {
  readonly commands: readonly PageCommand[];
  readonly words: Readonly<Record<string, string>>;
} {
  return { commands: commandsIn(locale), words: wordsIn(locale) };
}

function commandsIn(locale: Locale): readonly PageCommand[] {
  return COMMANDS.map((spec: CommandSpec) => ({
    name: spec.name,
    description: describeCommand(locale, spec.name),
    audience: spec.audience,
    aliases: spec.aliases ?? {},
    options: spec.options.map((option) => ({ ...option, description: describeOption(locale, spec.name, option.name) })),
  }));
}

function wordsIn(locale: Locale): Readonly<Record<string, string>> {
  const all: Readonly<Record<string, string>> = TEXTS[locale];
  const own = Object.entries(all).filter(([key]) => key.startsWith('page.'));
  return Object.fromEntries(own.map(([key, words]) => [key.slice('page.'.length), words]));
}
