/**
 * `/style …`: a server's presets, each a LoRA at a weight with its words. `default` and `mine` without a name mean
 * none. Everybody reads; admins change.
 */
import type { CommandSpec, OptionSpec } from '../src/core/command.ts';

const name = { kind: 'text', name: 'name', isRequired: true, maxLength: 64 } as const satisfies OptionSpec;
const existing = { ...name, suggests: 'style', isWord: true } as const satisfies OptionSpec;
const existingOrNone = { ...existing, isRequired: false } as const satisfies OptionSpec;
const weight = { kind: 'number', name: 'weight', isRequired: false, min: -2, max: 2 } as const satisfies OptionSpec;
const trigger = { kind: 'text', name: 'trigger', isRequired: false, maxLength: 200 } as const satisfies OptionSpec;
const negative = { kind: 'text', name: 'negative', isRequired: false, maxLength: 500 } as const satisfies OptionSpec;
const model = {
  kind: 'text',
  name: 'model',
  isRequired: false,
  maxLength: 64,
  suggests: 'model',
  isWord: true,
} as const satisfies OptionSpec;
const description = {
  kind: 'text',
  name: 'description',
  isRequired: false,
  maxLength: 80,
} as const satisfies OptionSpec;

export const styleList = {
  name: 'style list',
  audience: 'everybody',
  visibility: 'private',
  options: [],
} as const satisfies CommandSpec;

export const styleShow = {
  name: 'style show',
  audience: 'everybody',
  visibility: 'private',
  textOption: 'name',
  options: [existing],
} as const satisfies CommandSpec;

export const styleDefault = {
  name: 'style default',
  audience: 'admins',
  visibility: 'private',
  textOption: 'name',
  options: [existingOrNone],
} as const satisfies CommandSpec;

export const styleMine = {
  name: 'style mine',
  audience: 'everybody',
  visibility: 'private',
  textOption: 'name',
  options: [existingOrNone],
} as const satisfies CommandSpec;

export const styleAdd = {
  name: 'style add',
  audience: 'admins',
  visibility: 'private',
  textOption: 'name',
  options: [
    name,
    { kind: 'file', name: 'file', isRequired: false, endings: ['.safetensors'] },
    { kind: 'text', name: 'url', isRequired: false, maxLength: 1000, isWord: true },
    weight,
    trigger,
    negative,
    model,
    description,
  ],
} as const satisfies CommandSpec;

export const styleTrain = {
  name: 'style train',
  audience: 'admins',
  visibility: 'public',
  textOption: 'name',
  options: [name, trigger, model],
} as const satisfies CommandSpec;

export const styleEdit = {
  name: 'style edit',
  audience: 'admins',
  visibility: 'private',
  textOption: 'name',
  options: [existing, weight, trigger, negative, model, description],
} as const satisfies CommandSpec;

export const styleRemove = {
  name: 'style remove',
  audience: 'admins',
  visibility: 'private',
  textOption: 'name',
  options: [existing],
} as const satisfies CommandSpec;

export const styleRename = {
  name: 'style rename',
  audience: 'admins',
  visibility: 'private',
  textOption: 'name',
  options: [existing, { kind: 'text', name: 'to', isRequired: true, maxLength: 64 }],
} as const satisfies CommandSpec;
