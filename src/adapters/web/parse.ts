/**
 * The browser's JSON and files → our types, once, at the edge. Everything from the page is unknown until it has passed
 * here; a refusal is one sentence. Pure.
 */
import { z } from 'zod';

import { parseCommandLine } from '../../../commands/command-line.ts';
import { findCommand } from '../../../commands/index.ts';
import { imagine } from '../../../commands/imagine.ts';
import type { Action } from '../../core/chat.ts';
import type { OptionSpec, OptionValue, Upload } from '../../core/command.ts';
import { refusal } from '../../bot/refusal.ts';
import { UserError } from '../../core/errors.ts';
import type { LiveRequest } from '../../core/live.ts';
import type { Locale } from '../../core/people.ts';
import { LIMITS } from './limits.ts';

const id = z.string().min(1).max(LIMITS.idCharacters);

const actionSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('command'),
    name: z.string().max(64),
    options: z.record(z.string(), z.union([z.string().max(6000), z.number(), z.boolean()])),
  }),
  z.object({ kind: z.literal('text'), text: z.string().max(6000) }),
  z.object({ kind: z.literal('button'), id, message: id }),
  z.object({ kind: z.literal('select'), id, message: id, values: z.array(z.string().max(200)).max(50) }),
  z.object({
    kind: z.literal('form'),
    id,
    message: id.nullable(),
    fields: z.record(z.string().max(100), z.string().max(6000)),
  }),
]);

export type PageAction = z.infer<typeof actionSchema>;

const liveSchema = z.object({
  options: z.record(z.string(), z.union([z.string().max(6000), z.number(), z.boolean()])),
  isDraft: z.boolean(),
  canvas: z.string().max(LIMITS.idCharacters).default(''),
});

export function parsePageAction(value: unknown): PageAction {
  return parsed(actionSchema, value);
}

/** The browser's name for an action; one that is none of ours counts as none. */
export function parseEvent(value: string | undefined): string | undefined {
  return value !== undefined && /^[\w-]{16,64}$/.test(value) ? value : undefined;
}

/** The options of an /imagine that is not sent yet, with the picture to start from where one came beside. */
export function parseLive(value: unknown, files: ReadonlyMap<string, Upload>): LiveRequest {
  const { options, isDraft, canvas } = parsed(liveSchema, value);
  return { options: parseOptions(imagine.options, options, files), isDraft, canvas };
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) {
    const fault = result.error.issues[0];
    throw new UserError(
      'page.request',
      `The page sent ${fault?.path.join('.') ?? 'a request'} in a form that is not understood (${fault?.message ?? 'invalid'}); reload it.`,
    );
  }
  return result.data;
}

/** Options as the page's form gives them → values of the spec's kinds; files come beside, by option name. */
export function parseOptions(
  specs: readonly OptionSpec[],
  raw: Readonly<Record<string, string | number | boolean>>,
  files: ReadonlyMap<string, Upload>,
): Readonly<Record<string, OptionValue>> {
  const options: Record<string, OptionValue> = {};
  for (const spec of specs) {
    const value = spec.kind === 'image' || spec.kind === 'file' ? files.get(spec.name) : raw[spec.name];
    // A box that is left empty says nothing: what is usual counts.
    if (value === undefined || value === '' || value === false) {
      continue;
    }
    options[spec.name] =
      spec.kind === 'integer' || spec.kind === 'number' ? numberOf(spec.name, raw[spec.name] ?? '') : value;
  }
  return options;
}

function numberOf(name: string, value: string | number | boolean): number {
  const number = typeof value === 'number' ? value : Number(value);
  if (!Number.isFinite(number)) {
    throw refusal('option.number', { option: name, given: String(value) });
  }
  return number;
}

/** Throws `UserError` for a command or an option that there is not. */
export function actionOf(action: PageAction, files: ReadonlyMap<string, Upload>): Action {
  switch (action.kind) {
    case 'text': {
      const { spec, options } = parseCommandLine(action.text);
      return { kind: 'command', name: spec.name, options: { ...options, ...Object.fromEntries(files) } };
    }
    case 'command': {
      const spec = findCommand(action.name);
      if (spec === undefined) {
        throw refusal('command.unknown', { given: action.name });
      }
      return { kind: 'command', name: spec.name, options: parseOptions(spec.options, action.options, files) };
    }
    case 'button':
      return { kind: 'button', id: action.id };
    case 'select':
      return { kind: 'select', id: action.id, values: action.values };
    case 'form':
      return { kind: 'form', id: action.id, fields: action.fields, ...pickedIn(files) };
    default:
      throw new TypeError(`unknown action ${String(action satisfies never)}`);
  }
}

/** Files of a form come as `field.0`, `field.1`, …, in their order. */
function pickedIn(files: ReadonlyMap<string, Upload>): {
  readonly files?: Readonly<Record<string, readonly Upload[]>>;
} {
  const picked = new Map<string, Upload[]>();
  const numbered = [...files].map(([key, upload]) => ({ ...placeOf(key), upload }));
  for (const { field, upload } of numbered.toSorted((a, b) => a.at - b.at)) {
    picked.set(field, [...(picked.get(field) ?? []), upload]);
  }
  return picked.size === 0 ? {} : { files: Object.fromEntries(picked) };
}

function placeOf(key: string): { readonly field: string; readonly at: number } {
  const [, field = key, at = '0'] = /^(.+)\.(\d{1,3})$/.exec(key) ?? [];
  return { field, at: Number(at) };
}

/** The first language of the header that we speak. */
export function localeOf(acceptLanguage: string): Locale {
  for (const part of acceptLanguage.split(',')) {
    const language = part.trim().slice(0, 2).toLowerCase();
    if (language === 'de' || language === 'en') {
      return language;
    }
  }
  return 'en';
}

/** What is done on a message that one person alone sees. */
export function withPrivacy(action: Action, isPrivate: boolean): Action {
  return isPrivate && (action.kind === 'button' || action.kind === 'form') ? { ...action, isPrivate } : action;
}
