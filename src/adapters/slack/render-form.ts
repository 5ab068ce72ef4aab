/**
 * Forms as Slack's modals. Two kinds: the bot's own forms, and one made from a
 * command's spec for what a slash command's text cannot carry (files, choices) or did not. Pure.
 *
 * A submission says nothing of the place it was opened in, so the modal carries its origin as private metadata.
 */
import { describeCommand, describeOption, text } from '../../bot/texts/index.ts';
import type { CommandSpec, OptionSpec, OptionValue } from '../../core/command.ts';
import type { Form, FormField } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { cut } from '../shared/cut.ts';
import { LIMITS } from './limits.ts';
import { CONVERSATION } from './mrkdwn.ts';
import { COMMAND, FORM, type Origin, WHERE } from './parse-form.ts';
import type { SlackBlock } from './render.ts';

export type SlackView = { readonly type: 'modal'; readonly [key: string]: unknown };

const ELEMENT = 'value';
const PICTURES = { type: 'file_input', action_id: ELEMENT, filetypes: ['png', 'jpg', 'jpeg', 'gif', 'webp'] } as const;

export function formView(form: Form, origin: Origin, locale: Locale): SlackView {
  return view(
    `${FORM}${form.id}`,
    form.title,
    form.submit,
    origin,
    locale,
    form.fields.map((field) => fieldBlock(field, locale)),
  );
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
  const where = origin.asksWhere ? [whereBlock(locale)] : [];
  return view(`${COMMAND}${spec.name}`, title, submit, origin, locale, [about, ...blocks, ...where]);
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

/** Filled in with where the person is, if that is anywhere; what is chosen comes with an address to answer to. */
function whereBlock(locale: Locale): SlackBlock {
  return input(WHERE, text(locale, 'form.where'), text(locale, 'form.where-hint'), true, {
    type: 'conversations_select',
    action_id: ELEMENT,
    default_to_current_conversation: true,
    response_url_enabled: true,
  });
}

function fieldBlock(field: FormField, locale: Locale): SlackBlock {
  const hint = field.maxPictures === undefined ? undefined : fileHint(locale);
  return input(field.id, field.label, hint, !field.isRequired, fieldElement(field));
}

function fieldElement(field: FormField): SlackBlock {
  const { picks, choices = [], value, maxLength, isMultiline, isRequired, maxPictures } = field;
  if (maxPictures !== undefined) {
    return { ...PICTURES, max_files: Math.min(maxPictures, LIMITS.formFiles) };
  }
  if (picks === 'channel' || picks === 'channels' || picks === 'place') {
    return picker(picks === 'channels' ? picks : 'channel', value);
  }
  if (choices.length === 0 || choices.length > LIMITS.selectOptions) {
    return textInput(maxLength, isMultiline, value);
  }
  const options = choices.map((each) => choice(each.label, each.value));
  const chosen = choices
    .filter((each) => value.split('\n').includes(each.value))
    .map((each) => choice(each.label, each.value));
  const [first] = chosen;
  if (picks === 'roles') {
    const initial = first === undefined ? {} : { initial_options: chosen };
    return { type: 'multi_static_select', action_id: ELEMENT, options, ...initial };
  }
  // A few are all seen at once, unless none may be chosen: what is pressed there cannot be unpressed.
  const isShort = isRequired && options.length > 1 && options.length <= LIMITS.radioOptions;
  return {
    type: isShort ? 'radio_buttons' : 'static_select',
    action_id: ELEMENT,
    options,
    ...(first === undefined ? {} : { initial_option: first }),
  };
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
  const isFile = option.kind === 'image' || option.kind === 'file';
  const described = describeOption(locale, spec.name, option.name);
  const hint = isFile ? `${described} · ${fileHint(locale)}` : described;
  const label = `${option.name.charAt(0).toUpperCase()}${option.name.slice(1)}`;
  return input(option.name, label, hint, !option.isRequired, optionElement(option, given));
}

function fileHint(locale: Locale): string {
  return text(locale, 'form.file-limit', { max: LIMITS.formFileMb });
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
      return { ...PICTURES, max_files: 1 };
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
