/**
 * The neutral command specs as Discord's JSON: sub-commands gathered under their first word, texts in English and
 * German, suggestions, bounds, and what admins alone see by default. Checks nobody: a server may show a command to
 * whom it likes, so the handler asks again.
 */
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import type {
  APIApplicationCommandBasicOption,
  APIApplicationCommandSubcommandOption,
  RESTPutAPIApplicationCommandsJSONBody,
} from 'discord.js';

import { COMMANDS } from '../../../commands/index.ts';
import { describeCommand, describeOption, text } from '../../bot/texts/index.ts';
import { MESSAGE_ACTIONS } from '../../core/chat.ts';
import type { CommandSpec, OptionSpec } from '../../core/command.ts';
import { LIMITS } from './limits.ts';
import { MENU_NAMES } from './parse-action.ts';

export type CommandBody = RESTPutAPIApplicationCommandsJSONBody[number];

/** All commands of the bot, in the order of their specs; then the message menu's. */
export function commandBodies(specs: readonly CommandSpec[] = COMMANDS): readonly CommandBody[] {
  const names = [...new Set(specs.map((spec) => firstWord(spec.name)))];
  const menus = MESSAGE_ACTIONS.map((menu) => ({
    type: ApplicationCommandType.Message as const,
    name: MENU_NAMES[menu],
    name_localizations: { de: text('de', `menu.${menu}`) },
    ...where(menu === 'train' ? 'admins' : 'everybody'),
  }));
  return [
    ...names.map((name) =>
      chatCommand(
        name,
        specs.filter((spec) => firstWord(spec.name) === name),
      ),
    ),
    ...menus,
  ];
}

function chatCommand(name: string, specs: readonly CommandSpec[]): CommandBody {
  const isGroup = specs.some((spec) => spec.name !== name);
  const [only] = specs;
  return {
    type: ApplicationCommandType.ChatInput,
    name,
    ...descriptions((locale) => describeCommand(locale, name)),
    options: isGroup ? specs.map(subCommand) : orderedOptions(only),
    ...where(specs.every((spec) => spec.audience === 'admins') ? 'admins' : 'everybody'),
  };
}

function subCommand(spec: CommandSpec): APIApplicationCommandSubcommandOption {
  return {
    type: ApplicationCommandOptionType.Subcommand,
    name: spec.name.slice(firstWord(spec.name).length + 1),
    ...descriptions((locale) => describeCommand(locale, spec.name)),
    options: orderedOptions(spec),
  };
}

/** Required ones first, as Discord demands; else in the spec's order. */
function orderedOptions(spec: CommandSpec | undefined): APIApplicationCommandBasicOption[] {
  const options = spec?.options ?? [];
  return [...options.filter((option) => option.isRequired), ...options.filter((option) => !option.isRequired)].map(
    (option) => optionBody(spec?.name ?? '', option),
  );
}

function optionBody(command: string, option: OptionSpec): APIApplicationCommandBasicOption {
  const common = {
    name: option.name,
    ...descriptions((locale) => describeOption(locale, command, option.name)),
    required: option.isRequired,
  };
  switch (option.kind) {
    case 'text':
      return {
        ...common,
        type: ApplicationCommandOptionType.String,
        max_length: Math.min(option.maxLength, LIMITS.textOption),
        ...(option.suggests === undefined ? {} : { autocomplete: true }),
      };
    case 'integer':
      return { ...common, type: ApplicationCommandOptionType.Integer, min_value: option.min, max_value: option.max };
    case 'number':
      return { ...common, type: ApplicationCommandOptionType.Number, min_value: option.min, max_value: option.max };
    case 'choice':
      return {
        ...common,
        type: ApplicationCommandOptionType.String,
        choices: option.choices.map((choice) => ({ name: choice, value: choice })),
      };
    case 'boolean':
      return { ...common, type: ApplicationCommandOptionType.Boolean };
    case 'image':
      return { ...common, type: ApplicationCommandOptionType.Attachment, file_types: ['image'] };
    case 'file':
      return {
        ...common,
        type: ApplicationCommandOptionType.Attachment,
        file_types: option.endings.filter(isEnding).slice(0, LIMITS.fileTypes),
      };
    default:
      return option satisfies never;
  }
}

/** Admin commands in servers that have the bot; the rest also for people who have installed it, wherever they are. */
function where(audience: CommandSpec['audience']) {
  return {
    integration_types:
      audience === 'admins'
        ? [ApplicationIntegrationType.GuildInstall]
        : [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
    contexts:
      audience === 'admins'
        ? [InteractionContextType.Guild]
        : [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
    default_member_permissions: audience === 'admins' ? String(PermissionFlagsBits.ManageGuild) : null,
  };
}

function descriptions(describe: (locale: 'en' | 'de') => string) {
  return { description: describe('en'), description_localizations: { de: describe('de') } };
}

function isEnding(ending: string): ending is `.${string}` {
  return ending.startsWith('.');
}

function firstWord(name: string): string {
  return name.split(' ')[0] ?? name;
}
