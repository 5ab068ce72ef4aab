/** Under which field of a form an error belongs: by the option it names, else by what it is about. Pure. */
import { parseFreeText } from '../../../commands/grammar.ts';
import { imagine } from '../../../commands/imagine.ts';
import type { Action } from '../../core/chat.ts';
import type { Fields } from '../../core/command.ts';
import type { UserError } from '../../core/errors.ts';
import type { Locale } from '../../core/people.ts';
import { text } from '../texts/index.ts';

/** What errors are about, by the first word of their code; the first of these fields that the form has. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  option: ['prompt', 'name'],
  size: ['size'],
  aspect: ['aspect'],
  style: ['style', 'to', 'name', 'placeStyle'],
  image: ['image', 'from', 'pictures'],
  mask: ['mask'],
  upload: ['image', 'file', 'pictures'],
  lora: ['url', 'file'],
  safety: ['prompt', 'trigger', 'name', 'captions'],
  train: ['word'],
  settings: ['model', 'placeModel', 'words', 'audit', 'channels', 'roles', 'role', 'styleRoles'],
};
const BY_CODE: Readonly<Record<string, readonly string[]>> = {
  'image.strength': ['strength'],
  'image.two': ['from'],
  'image.mask': ['mask'],
  'emoji.picture': ['picture'],
  'emoji.kind': ['kind'],
  'style.source': ['file'],
  'style.two-sources': ['url'],
  'style.unknown': ['style', 'name', 'placeStyle'],
};
/** The labels by which a number's error names its field. */
const NUMBERS = {
  perUser: 'panel.form.per-user',
  perServer: 'panel.form.per-server',
  perUserDay: 'panel.form.per-user-day',
  perServerDay: 'panel.form.per-server-day',
  day: 'panel.rule-form.day',
  slots: 'panel.rule-form.slots',
} as const;

/** Undefined where no field of the form can mend it. */
export function fieldOf(
  action: Action,
  { code, params }: Pick<UserError, 'code' | 'params'>,
  locale: Locale,
): string | undefined {
  const [kind = ''] = code.split('.');
  if (code === 'style.full' || code === 'style.room') {
    return undefined;
  }
  const byLabel = Object.entries(NUMBERS).find(([, label]) => text(locale, label) === params['field'])?.[0];
  const named = [byLabel, params['option'], labelled(params['label']), ...(BY_CODE[code] ?? ABOUT[kind] ?? [])];
  const names = named.filter((name) => typeof name === 'string');
  if (names.length === 0) {
    return undefined;
  }
  switch (action.kind) {
    case 'command':
      return names.find((name) => action.options[name] !== undefined) ?? names[0];
    case 'form':
      return 'prompt' in action.fields
        ? inPromptForm(action.fields, names)
        : names.find((name) => action.fields[name] !== undefined || action.files?.[name] !== undefined);
    case 'button':
    case 'select':
    case 'message':
      return undefined;
    default:
      return action satisfies never;
  }
}

/** Where an option was typed, else where it was picked. */
function inPromptForm(fields: Fields, names: readonly string[]): string {
  const isIn = (typed: string | undefined): boolean => {
    const given = parseFreeText(imagine, typed ?? '');
    return names.some((name) => name !== 'prompt' && given[name] !== undefined);
  };
  try {
    if (isIn(fields['options'])) {
      return 'options';
    }
  } catch {
    return 'options';
  }
  try {
    if (isIn(fields['prompt'])) {
      return 'prompt';
    }
  } catch {
    return 'prompt';
  }
  return names.find((name) => (fields[name] ?? '') !== '') ?? 'prompt';
}

/** `Steps` → `steps`. */
function labelled(label: unknown): string | undefined {
  return typeof label === 'string' ? label.toLowerCase() : undefined;
}
