/**
 * What was filled in and sent: a form of the bot's or a command's modal read back, with the place it was opened in, which a
 * submission itself does not tell. Pure; everything that is not as Slack documents it is undefined.
 */
import { z } from 'zod';

import type { CommandSpec, OptionValue, Upload } from '../../core/command.ts';
import { at, isRecord, listAt, textAt } from './json.ts';

const originSchema = z.object({
  channel: z.string(),
  thread: z.string().nullable(),
  /** The message whose button opened the modal; null for a command. */
  ts: z.string().nullable(),
  isEphemeral: z.boolean(),
  hook: z.string().nullable(),
  hookAt: z.number(),
  /** It was opened in the Home tab. */
  isHome: z.boolean().default(false),
  /** It was opened nowhere, and says itself where the answer belongs. */
  asksWhere: z.boolean().default(false),
});

/** Where a modal was opened. */
export type Origin = Readonly<z.infer<typeof originSchema>>;

/** What came back: a form of the bot's, or a command with what was typed before the modal opened and in it. */
export type Submitted =
  | {
      readonly kind: 'form';
      readonly id: string;
      readonly fields: Readonly<Record<string, string>>;
      /** What was picked in fields for files. */
      readonly files?: Readonly<Record<string, readonly unknown[]>>;
    }
  | { readonly kind: 'command'; readonly name: string; readonly values: Readonly<Record<string, SubmittedValue>> };

export type SubmittedValue = string | boolean | { readonly files: readonly unknown[] };

export const FORM = 'form:';
export const COMMAND = 'command:';
/** The field that says where the answer belongs. */
export const WHERE = 'where';

/** Undefined for a modal that is none of ours. */
export function readSubmission(
  submittedView: unknown,
): { readonly origin: Origin; readonly submitted: Submitted } | undefined {
  const callbackId = textAt(submittedView, 'callback_id') ?? '';
  const origin = readOrigin(textAt(submittedView, 'private_metadata') ?? '');
  if (origin === undefined) {
    return undefined;
  }
  const values = stateValues(at(submittedView, 'state', 'values'));
  if (callbackId.startsWith(FORM)) {
    const fields = Object.fromEntries(
      Object.entries(values).flatMap(([id, value]) => (typeof value === 'string' ? [[id, value]] : [])),
    );
    const files = Object.fromEntries(
      Object.entries(values).flatMap(([id, value]) => (typeof value === 'object' ? [[id, value.files]] : [])),
    );
    const picked = Object.keys(files).length === 0 ? {} : { files };
    return { origin, submitted: { kind: 'form', id: callbackId.slice(FORM.length), fields, ...picked } };
  }
  if (callbackId.startsWith(COMMAND)) {
    return { origin, submitted: { kind: 'command', name: callbackId.slice(COMMAND.length), values } };
  }
  return undefined;
}

/** The command whose modal asks for suggestions. */
export function commandOfView(openView: unknown): string | undefined {
  const callbackId = textAt(openView, 'callback_id') ?? '';
  return callbackId.startsWith(COMMAND) ? callbackId.slice(COMMAND.length) : undefined;
}

/** Typed words and picked files → the values of the spec; what was left empty is left out. */
export function optionsOf(
  spec: CommandSpec,
  values: Readonly<Record<string, SubmittedValue>>,
  uploadOf: (file: unknown) => Upload,
): Readonly<Record<string, OptionValue>> {
  const options: Record<string, OptionValue> = {};
  for (const option of spec.options) {
    const value = values[option.name];
    if (value === undefined || value === '') {
      continue;
    }
    if (typeof value === 'object') {
      options[option.name] = uploadOf(value.files[0]);
    } else if ((option.kind === 'integer' || option.kind === 'number') && typeof value === 'string') {
      const number = Number(value);
      options[option.name] = Number.isNaN(number) ? value : number;
    } else {
      options[option.name] = value;
    }
  }
  return options;
}

function readOrigin(metadata: string): Origin | undefined {
  try {
    const parsed = originSchema.safeParse(JSON.parse(metadata));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function stateValues(values: unknown): Readonly<Record<string, SubmittedValue>> {
  const found: Record<string, SubmittedValue> = {};
  for (const [id, elements] of isRecord(values) ? Object.entries(values) : []) {
    for (const element of isRecord(elements) ? Object.values(elements) : []) {
      const value = elementValue(element);
      if (value !== undefined) {
        found[id] = value;
      }
    }
  }
  return found;
}

function elementValue(element: unknown): SubmittedValue | undefined {
  switch (textAt(element, 'type') ?? '') {
    case 'file_input': {
      const files = listAt(element, 'files');
      return files.length === 0 ? undefined : { files };
    }
    case 'checkboxes':
      // One that is left empty says nothing: what is usual counts.
      return listAt(element, 'selected_options').length > 0 ? true : undefined;
    case 'radio_buttons':
    case 'static_select':
    case 'external_select':
      return textAt(element, 'selected_option', 'value');
    case 'multi_static_select':
      return listAt(element, 'selected_options')
        .flatMap((option) => textAt(option, 'value') ?? [])
        .join('\n');
    case 'conversations_select':
      return textAt(element, 'selected_conversation');
    case 'multi_conversations_select':
      return listAt(element, 'selected_conversations').join('\n');
    default: {
      const value = at(element, 'value');
      return typeof value === 'string' ? value : undefined;
    }
  }
}
