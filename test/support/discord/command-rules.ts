/**
 * What Discord accepts as an application command, as its documentation states it: also what client-side builders let
 * pass (required after optional, more than 8000 characters in all). Written apart from the adapter, on purpose.
 */
import { z } from 'zod';

const LOCALES = ['en-US', 'en-GB', 'de', 'fr', 'es-ES', 'ja', 'nl', 'pl', 'it'] as const;

const chatName = z
  .string()
  .regex(/^[-_'\p{L}\p{N}]{1,32}$/u)
  .refine((name) => name === name.toLowerCase(), 'not lower-case');
const menuName = z.string().min(1).max(32);
const description = z.string().min(1).max(100);
const localised = <T extends z.ZodType<string>>(rule: T) =>
  z.partialRecord(z.enum(LOCALES), rule).nullable().optional();

const choice = z.strictObject({
  name: z.string().min(1).max(100),
  name_localizations: localised(z.string().min(1).max(100)),
  value: z.union([z.string().max(100), z.number()]),
});

const valueOption = z
  .strictObject({
    type: z.literal([3, 4, 5, 6, 7, 8, 9, 10, 11]),
    name: chatName,
    name_localizations: localised(chatName),
    description,
    description_localizations: localised(description),
    required: z.boolean().optional(),
    choices: z.array(choice).max(25).optional(),
    autocomplete: z.boolean().optional(),
    min_value: z
      .number()
      .min(-(2 ** 53))
      .max(2 ** 53)
      .optional(),
    max_value: z
      .number()
      .min(-(2 ** 53))
      .max(2 ** 53)
      .optional(),
    min_length: z.number().int().min(0).max(6000).optional(),
    max_length: z.number().int().min(1).max(6000).optional(),
    file_types: z
      .array(z.string().regex(/^(image|video|audio|\.[a-z0-9]+)$/))
      .max(10)
      .optional(),
  })
  .refine((option) => !(option.autocomplete === true && option.choices !== undefined), 'autocomplete and choices')
  .refine((option) => option.file_types === undefined || option.type === 11, 'file_types without an attachment')
  .refine((option) => option.max_length === undefined || option.type === 3, 'max_length on no string')
  .refine((option) => option.max_value === undefined || [4, 10].includes(option.type), 'max_value on no number');

const valueOptions = z
  .array(valueOption)
  .max(25)
  .refine((options) => hasDistinct(options.map((option) => option.name)), 'option names repeat')
  .refine(
    (options) =>
      !options.some((option, at) => option.required === true && at > 0 && options[at - 1]?.required !== true),
    'required options come first',
  );

const subCommand = z.strictObject({
  type: z.literal(1),
  name: chatName,
  name_localizations: localised(chatName),
  description,
  description_localizations: localised(description),
  options: valueOptions.optional(),
});

const settings = {
  default_member_permissions: z.string().regex(/^\d+$/).nullable().optional(),
  contexts: z.array(z.union([z.literal(0), z.literal(1), z.literal(2)])).optional(),
  integration_types: z.array(z.union([z.literal(0), z.literal(1)])).optional(),
  nsfw: z.boolean().optional(),
};

const chatCommand = z
  .strictObject({
    ...settings,
    type: z.literal(1).optional(),
    name: chatName,
    name_localizations: localised(chatName),
    description,
    description_localizations: localised(description),
    options: z
      .union([
        valueOptions,
        z
          .array(subCommand)
          .max(25)
          .refine((subs) => hasDistinct(subs.map((sub) => sub.name)), 'sub-command names repeat'),
      ])
      .optional(),
  })
  .refine((command) => charactersOf(command) <= 8000, 'more than 8000 characters');

const menuCommand = z.strictObject({
  ...settings,
  type: z.union([z.literal(2), z.literal(3)]),
  name: menuName,
  name_localizations: localised(menuName),
  description: z.literal('').optional(),
});

/** Opens an activity; it comes with the application, not from its code. */
const entryPointCommand = z.strictObject({
  ...settings,
  type: z.literal(4),
  name: menuName,
  description: z.string().max(100).optional(),
  handler: z.union([z.literal(1), z.literal(2)]),
});

const command = z.union([menuCommand, entryPointCommand, chatCommand]);
export type RegisteredCommand = z.infer<typeof command>;
export type ValueOption = z.infer<typeof valueOption>;

/** A bulk overwrite: at most 100 chat-input and 15 of each menu kind, names unique within their kind. */
export const commandList = z
  .array(command)
  .refine((all) => all.filter((each) => (each.type ?? 1) === 1).length <= 100, 'more than 100 commands')
  .refine((all) => all.filter((each) => each.type === 2).length <= 15, 'more than 15 user commands')
  .refine((all) => all.filter((each) => each.type === 3).length <= 15, 'more than 15 message commands')
  .refine((all) => hasDistinct(all.map((each) => `${each.type ?? 1} ${each.name}`)), 'names repeat');

function hasDistinct(words: readonly string[]): boolean {
  return new Set(words).size === words.length;
}

/** Names, descriptions and choice values; of localisations the longest counts. */
function charactersOf(part: unknown): number {
  if (typeof part !== 'object' || part === null) {
    return 0;
  }
  const fields = new Map<string, unknown>(Object.entries(part));
  const longest = (name: string): number =>
    Math.max(
      ...[fields.get(name), ...Object.values(fields.get(`${name}_localizations`) ?? {})].map((text) =>
        typeof text === 'string' ? text.length : 0,
      ),
    );
  const value = fields.get('value');
  const inner = [fields.get('options'), fields.get('choices')].flatMap((list) => (Array.isArray(list) ? list : []));
  return (
    longest('name') +
    longest('description') +
    (typeof value === 'string' ? value.length : 0) +
    inner.reduce((sum, each) => sum + charactersOf(each), 0)
  );
}
