/**
 * Every word that people read, by key and language, and how values are put into it. A key that one language lacks does
 * not compile. Refuses to know who is spoken to and where.
 */
import type { UserError } from '../../core/errors.ts';
import type { Locale } from '../../core/people.ts';
import { answers as germanAnswers } from './de/answers.ts';
import { commands as germanCommands } from './de/commands.ts';
import { drawing as germanDrawing } from './de/drawing.ts';
import { errors as germanErrors } from './de/errors.ts';
import { home as germanHome } from './de/home.ts';
import { page as germanPage } from './de/page.ts';
import { panel as germanPanel } from './de/panel.ts';
import { training as germanTraining } from './de/training.ts';
import { answers as englishAnswers } from './en/answers.ts';
import { commands as englishCommands } from './en/commands.ts';
import { drawing as englishDrawing } from './en/drawing.ts';
import { errors as englishErrors } from './en/errors.ts';
import { home as englishHome } from './en/home.ts';
import { page as englishPage } from './en/page.ts';
import { panel as englishPanel } from './en/panel.ts';
import { training as englishTraining } from './en/training.ts';
import type { Translation } from './translation.ts';

const english = {
  ...englishCommands,
  ...englishAnswers,
  ...englishPage,
  ...englishPanel,
  ...englishErrors,
  ...englishDrawing,
  ...englishHome,
  ...englishTraining,
};
const german: Translation<typeof english> = {
  ...germanCommands,
  ...germanAnswers,
  ...germanPage,
  ...germanPanel,
  ...germanErrors,
  ...germanDrawing,
  ...germanHome,
  ...germanTraining,
};

export type TextKey = keyof typeof english;
export type TextParams = Readonly<Record<string, string | number | boolean>>;

/** All texts of every language; tests compare them. */
export const TEXTS = { en: english, de: german } as const satisfies Record<Locale, Translation<typeof english>>;

/** Of a language's tag, `de`, `de-AT`; English where there are no texts in it. */
export function localeOf(tag: string | undefined): Locale {
  return tag?.toLowerCase().startsWith('de') === true ? 'de' : 'en';
}

/** The text of `key`; a value that is missing from `params` stays visible as `{name}`. */
export function text(locale: Locale, key: TextKey, params: TextParams = {}): string {
  return fill(locale, TEXTS[locale][key], params);
}

export function isTextKey(key: string): key is TextKey {
  return Object.hasOwn(english, key);
}

/** The error in the reader's language where it is translated, else as it was written. */
export function errorText(locale: Locale, error: Pick<UserError, 'code' | 'message' | 'params'>): string {
  const key = `error.${error.code}`;
  return isTextKey(key) ? text(locale, key, error.params) : withoutFolders(error.message);
}

/** Where files lie on this machine is nobody's business in a chat: of a path its last name is enough. */
function withoutFolders(sentence: string): string {
  return sentence.replaceAll(
    /(?<![\w:/])(?:[A-Za-z]:)?(?:[\\/][^\s\\/"“”'’,;:()]+)+[\\/]([^\s\\/"“”'’,;:()]+)/gu,
    '$1',
  );
}

/** What a person should know beside a picture; a notice without words of its own is told as it came. */
export function noticeText(
  locale: Locale,
  { code, sentence, params }: { readonly code: string; readonly sentence: string; readonly params: TextParams },
): string {
  const key = `notice.${code}`;
  return isTextKey(key) ? text(locale, key, params) : withoutFolders(sentence);
}

/** What a command does, at most 100 characters; throws where a spec has no text. */
export function describeCommand(locale: Locale, command: string): string {
  return described(locale, `command.${command.replace(' ', '.')}`);
}

/** What an option is for, at most 100 characters; throws where a spec has no text. */
export function describeOption(locale: Locale, command: string, option: string): string {
  return described(locale, `command.${command.replace(' ', '.')}.option.${option}`);
}

export function formatNumber(locale: Locale, value: number, fractionDigits = 3): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: fractionDigits }).format(value);
}

/** Seconds with one decimal, in the reader's way: `0.4`, `0,4`. */
export function formatSeconds(locale: Locale, ms: number): string {
  return new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(ms / 1000);
}

/** A place in line: `3rd`, `3.`. */
export function formatOrdinal(locale: Locale, place: number): string {
  switch (locale) {
    case 'de':
      return `${place}.`;
    case 'en': {
      const rule = new Intl.PluralRules('en', { type: 'ordinal' }).select(place);
      return `${place}${rule === 'one' ? 'st' : rule === 'two' ? 'nd' : rule === 'few' ? 'rd' : 'th'}`;
    }
    default:
      return locale satisfies never;
  }
}

function described(locale: Locale, key: string): string {
  if (!isTextKey(key)) {
    throw new Error(`no text ${key}: every command and option has one in src/bot/texts`);
  }
  return text(locale, key);
}

function fill(locale: Locale, template: string, params: TextParams): string {
  return template.replace(
    /\{([\w-]+)(?::([^|}]*)\|([^}]*))?\}/g,
    (whole, name: string, one?: string, many?: string) => {
      const value = params[name];
      if (value === undefined) {
        return whole;
      }
      const shown = typeof value === 'number' ? formatNumber(locale, value) : String(value);
      return one === undefined ? shown : `${shown} ${value === 1 ? one : many}`;
    },
  );
}
