/** A neutral form as Discord's modal: labelled inputs, and lists where Discord has them. Sends nothing. */
import { ChannelType, ComponentType, SelectMenuDefaultValueType, TextInputStyle } from 'discord.js';
import type {
  APIChannelSelectComponent,
  APIFileUploadComponent,
  APIRadioGroupComponent,
  APIModalInteractionResponseCallbackData,
  APIRoleSelectComponent,
  APIStringSelectComponent,
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
      component: renderUpload(field) ?? renderPicker(field) ?? renderChoices(field) ?? renderInput(field),
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

/** Undefined where no pictures are taken. */
function renderUpload({ id, maxPictures, isRequired }: FormField): APIFileUploadComponent | undefined {
  return maxPictures === undefined
    ? undefined
    : {
        type: ComponentType.FileUpload,
        custom_id: id,
        min_values: isRequired ? 1 : 0,
        max_values: Math.min(maxPictures, LIMITS.formFiles),
        file_types: ['image'],
        required: isRequired,
      };
}

/** Undefined where ids have to be typed: no picker is wanted, or more are chosen already than one can show. */
function renderPicker(field: FormField): APIChannelSelectComponent | APIRoleSelectComponent | undefined {
  const chosen = field.value.split('\n').filter((id) => SNOWFLAKE.test(id));
  const isOne = field.picks !== 'channels' && field.picks !== 'roles';
  const max = isOne ? 1 : LIMITS.selectChoices;
  if (field.picks === undefined || chosen.length > max) {
    return undefined;
  }
  const bounds = {
    custom_id: field.id,
    min_values: field.isRequired ? 1 : 0,
    max_values: max,
    required: field.isRequired,
  };
  if (field.picks === 'role' || field.picks === 'roles') {
    const role = { type: ComponentType.RoleSelect, ...bounds } as const;
    return chosen.length === 0
      ? role
      : { ...role, default_values: chosen.map((id) => ({ id, type: SelectMenuDefaultValueType.Role })) };
  }
  return {
    type: ComponentType.ChannelSelect,
    ...bounds,
    channel_types: field.picks === 'channel' ? POSTED_IN : ASKED_IN,
    ...(chosen.length === 0
      ? {}
      : { default_values: chosen.map((id) => ({ id, type: SelectMenuDefaultValueType.Channel })) }),
  };
}

/**
 * Undefined where there is nothing to choose from, or more than a list can show: it is typed then. A few are all seen at
 * once, unless none may be chosen: what is pressed in a radio group cannot be unpressed.
 */
function renderChoices(field: FormField): APIStringSelectComponent | APIRadioGroupComponent | undefined {
  const { id, choices = [], value, isRequired } = field;
  if (choices.length === 0 || choices.length > LIMITS.selectChoices) {
    return undefined;
  }
  const options = choices.map((choice) => ({
    value: cut(choice.value, LIMITS.selectText),
    label: cut(choice.label, LIMITS.selectText),
    default: choice.value === value,
  }));
  const common = { custom_id: id, required: isRequired, options };
  return isRequired && options.length > 1 && options.length <= LIMITS.radioChoices
    ? { type: ComponentType.RadioGroup, ...common }
    : { type: ComponentType.StringSelect, ...common, min_values: isRequired ? 1 : 0, max_values: 1 };
}

const POSTED_IN = [ChannelType.GuildText, ChannelType.GuildAnnouncement];
/** Commands also come from the posts of a forum and from the chat beside a voice channel. */
const ASKED_IN = [...POSTED_IN, ChannelType.GuildForum, ChannelType.GuildMedia, ChannelType.GuildVoice];
