/**
 * Forms as Slack's modals, and what was filled in read back. Two kinds: the bot's own forms, and one made from a
 * command's spec for what a slash command's text cannot carry (files, choices) or did not. Pure.
 *
 * A submission says nothing of the place it was opened in, so the modal carries its origin as private metadata.
 */
import { z } from 'zod';

import { describeCommand, describeOption, text } from '../../bot/texts/index.ts';
import type { CommandSpec, OptionSpec, OptionValue, Upload } from '../../core/command.ts';
import type { Form, FormField } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { at, isRecord, listAt, textAt } from './json.ts';
import { cut, LIMITS } from './limits.ts';
import { CONVERSATION } from './mrkdwn.ts';
import type { SlackBlock } from './render.ts';

export type SlackView = { readonly type: 'modal'; readonly [key: string]: unknown };

const originSchema = z.object({
  channel: z.string(),
  thread: z.string().nullable(),
  /** The message whose button opened the modal; null for a command. */
  ts: z.string().nullable(),
  isEphemeral: z.boolean(),
  hook: z.string().nullable(),
  hookAt: z.number(),
});

/** Where a modal was opened. */
export type Origin = Readonly<z.infer<typeof originSchema>>;

/** What came back: a form of the bot's, or a command with what was typed before the modal opened and in it. */
export type Submitted =
  | { readonly kind: 'form'; readonly id: string; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: 'command'; readonly name: string; readonly values: Readonly<Record<string, SubmittedValue>> };

export type SubmittedValue = string | boolean | { readonly file: unknown };

const ELEMENT = 'value';
const FORM = 'form:';
const COMMAND = 'command:';

export function formView(form: Form, origin: Origin, locale: Locale): SlackView {
  return view(`${FORM}${form.id}`, form.title, form.submit, origin, locale, form.fields.map(fieldBlock));
}

/** A modal for a command; `given` was typed already. */
export function commandView(
  spec: CommandSpec,
  given: Readonly<Record<string, OptionValue>>,
  origin: Origin,
  locale: Locale,
): SlackView {
  const title = spec.name === 'imagine' ? text(locale, 'form.imagine.title') : `/${spec.name}`;
  const submit = spec.name === 'imagine' ? text(locale, 'form.remix.submit') : 'OK';
  const blocks = spec.options.map((option) => optionBlock(spec, option, given[option.name], locale));
  const about: SlackBlock = {
    type: 'context',
    elements: [{ type: 'plain_text', text: describeCommand(locale, spec.name) }],
  };
  return view(`${COMMAND}${spec.name}`, title, submit, origin, locale, [about, ...blocks]);
}

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
    return { origin, submitted: { kind: 'form', id: callbackId.slice(FORM.length), fields } };
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
      options[option.name] = uploadOf(value.file);
    } else if ((option.kind === 'integer' || option.kind === 'number') && typeof value === 'string') {
      const number = Number(value);
      options[option.name] = Number.isNaN(number) ? value : number;
    } else {
      options[option.name] = value;
    }
  }
  return options;
}

function view(
  callbackId: string,
  title: string,
  submit: string,
  origin: Origin,
  locale: Locale,
  blocks: readonly SlackBlock[],
): SlackView {
  return {
    type: 'modal',
    callback_id: callbackId.slice(0, LIMITS.callbackId),
    title: { type: 'plain_text', text: cut(title, LIMITS.viewTitle) },
    submit: { type: 'plain_text', text: cut(submit, LIMITS.viewSubmit) },
    close: { type: 'plain_text', text: cut(text(locale, 'button.cancel'), LIMITS.viewSubmit) },
    private_metadata: JSON.stringify(origin).slice(0, LIMITS.privateMetadata),
    blocks: blocks.slice(0, LIMITS.blocksPerView),
  };
}

function fieldBlock(field: FormField): SlackBlock {
  return input(
    field.id,
    field.label,
    undefined,
    !field.isRequired,
    field.picks === undefined
      ? textInput(field.maxLength, field.isMultiline, field.value)
      : picker(field.picks, field.value),
  );
}

/** Channels of the workspace to choose from; what was chosen is filled in. */
function picker(picks: 'channel' | 'channels', value: string): SlackBlock {
  const chosen = value.split('\n').filter((id) => CONVERSATION.test(id));
  const [first] = chosen;
  const filter = { include: ['public', 'private'], exclude_bot_users: true };
  if (picks === 'channel') {
    const initial = first === undefined ? {} : { initial_conversation: first };
    return { type: 'conversations_select', action_id: ELEMENT, filter, ...initial };
  }
  const initial = first === undefined ? {} : { initial_conversations: chosen };
  return { type: 'multi_conversations_select', action_id: ELEMENT, filter, ...initial };
}

function optionBlock(
  spec: CommandSpec,
  option: OptionSpec,
  given: OptionValue | undefined,
  locale: Locale,
): SlackBlock {
  const hint = describeOption(locale, spec.name, option.name);
  const label = `${option.name.charAt(0).toUpperCase()}${option.name.slice(1)}`;
  return input(option.name, label, hint, !option.isRequired, optionElement(option, given));
}

function optionElement(option: OptionSpec, given: OptionValue | undefined): SlackBlock {
  const word = given === undefined || typeof given === 'object' ? '' : String(given);
  switch (option.kind) {
    case 'text':
      return option.suggests === undefined
        ? textInput(option.maxLength, option.maxLength > 500, word)
        : {
            type: 'external_select',
            action_id: ELEMENT,
            min_query_length: 0,
            ...(word === '' ? {} : { initial_option: choice(word, word) }),
          };
    case 'integer':
    case 'number':
      return {
        type: 'number_input',
        action_id: ELEMENT,
        is_decimal_allowed: option.kind === 'number',
        min_value: String(option.min),
        max_value: String(option.max),
        ...(word === '' ? {} : { initial_value: word }),
      };
    case 'choice':
      return {
        type: 'static_select',
        action_id: ELEMENT,
        options: option.choices.slice(0, LIMITS.selectOptions).map((name) => choice(name, name)),
        ...(option.choices.includes(word) ? { initial_option: choice(word, word) } : {}),
      };
    case 'boolean': {
      const yes = choice('✓', 'yes');
      return {
        type: 'checkboxes',
        action_id: ELEMENT,
        options: [yes],
        ...(given === true ? { initial_options: [yes] } : {}),
      };
    }
    case 'image':
      return { type: 'file_input', action_id: ELEMENT, filetypes: ['png', 'jpg', 'jpeg', 'gif', 'webp'], max_files: 1 };
    case 'file':
      // Slack knows no .safetensors; the ending is checked where the command is.
      return { type: 'file_input', action_id: ELEMENT, max_files: 1 };
    default:
      return option satisfies never;
  }
}

function input(
  id: string,
  label: string,
  hint: string | undefined,
  isOptional: boolean,
  element: SlackBlock,
): SlackBlock {
  return {
    type: 'input',
    block_id: id.slice(0, LIMITS.blockId),
    optional: isOptional,
    label: { type: 'plain_text', text: cut(label, LIMITS.inputLabel) },
    ...(hint === undefined ? {} : { hint: { type: 'plain_text', text: cut(hint, LIMITS.inputHint) } }),
    element,
  };
}

function textInput(maxLength: number, isMultiline: boolean, value: string): SlackBlock {
  const max = Math.min(maxLength, LIMITS.inputText);
  return {
    type: 'plain_text_input',
    action_id: ELEMENT,
    multiline: isMultiline,
    max_length: max,
    ...(value === '' ? {} : { initial_value: value.slice(0, max) }),
  };
}

function choice(label: string, value: string): SlackBlock {
  const shown = { type: 'plain_text', text: cut(label, LIMITS.optionText) };
  // An option's type is not written on the wire; `text` and `value` are all it has.
  return { text: shown, value: value.slice(0, LIMITS.optionValue) } as unknown as SlackBlock;
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
      const [file] = listAt(element, 'files');
      return file === undefined ? undefined : { file };
    }
    case 'checkboxes':
      return listAt(element, 'selected_options').length > 0;
    case 'static_select':
    case 'external_select':
      return textAt(element, 'selected_option', 'value');
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
