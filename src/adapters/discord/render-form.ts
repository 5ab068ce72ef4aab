/** A neutral form as Discord's modal: labelled inputs, and lists where Discord has them. Sends nothing. */
import { ChannelType, ComponentType, SelectMenuDefaultValueType, TextInputStyle } from 'discord.js';
import type {
  APIChannelSelectComponent,
  APIModalInteractionResponseCallbackData,
  APITextInputComponent,
} from 'discord.js';

import type { Form, FormField } from '../../core/message.ts';
import { cut } from '../shared/cut.ts';
import { LIMITS } from './limits.ts';
import { SNOWFLAKE } from './markdown.ts';

/** A modal; more than five fields cannot be shown and are a fault of the caller. */
export function renderForm(form: Form): APIModalInteractionResponseCallbackData {
  if (form.fields.length === 0 || form.fields.length > LIMITS.formFields) {
    throw new RangeError(`a form has 1 to ${LIMITS.formFields} fields; ${form.id} has ${form.fields.length}`);
  }
  return {
    custom_id: form.id,
    title: cut(form.title, LIMITS.formTitle),
    components: form.fields.map((field) => ({
      type: ComponentType.Label,
      label: cut(field.label, LIMITS.formLabel),
      component: renderPicker(field) ?? renderInput(field),
    })),
  };
}

function renderInput(field: FormField): APITextInputComponent {
  const maxLength = Math.min(Math.max(field.maxLength, 1), LIMITS.formValue);
  return {
    type: ComponentType.TextInput,
    custom_id: field.id,
    style: field.isMultiline ? TextInputStyle.Paragraph : TextInputStyle.Short,
    required: field.isRequired,
    max_length: maxLength,
    ...(field.value === '' ? {} : { value: cut(field.value, maxLength) }),
  };
}

/** Undefined where ids have to be typed: no picker is wanted, or more are chosen already than one can show. */
function renderPicker(field: FormField): APIChannelSelectComponent | undefined {
  const chosen = field.value.split('\n').filter((id) => SNOWFLAKE.test(id));
  const max = field.picks === 'channel' ? 1 : LIMITS.selectChoices;
  if (field.picks === undefined || chosen.length > max) {
    return undefined;
  }
  return {
    type: ComponentType.ChannelSelect,
    custom_id: field.id,
    channel_types: field.picks === 'channel' ? POSTED_IN : ASKED_IN,
    min_values: field.isRequired ? 1 : 0,
    max_values: max,
    required: field.isRequired,
    ...(chosen.length === 0
      ? {}
      : { default_values: chosen.map((id) => ({ id, type: SelectMenuDefaultValueType.Channel })) }),
  };
}

const POSTED_IN = [ChannelType.GuildText, ChannelType.GuildAnnouncement];
/** Commands also come from the posts of a forum and from the chat beside a voice channel. */
const ASKED_IN = [...POSTED_IN, ChannelType.GuildForum, ChannelType.GuildMedia, ChannelType.GuildVoice];
