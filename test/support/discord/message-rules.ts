/**
 * What Discord accepts as a message, a modal and an autocomplete answer. Legacy components and the classic fields; a
 * message that asks for the newer layout flag is refused, for this stand-in cannot show it.
 */
import { z } from 'zod';

const emoji = z.object({ id: z.string().nullable().optional(), name: z.string().min(1).optional() });
const customId = z.string().min(1).max(100);

const button = z
  .strictObject({
    type: z.literal(2),
    style: z.number().int().min(1).max(6),
    label: z.string().min(1).max(80).optional(),
    emoji: emoji.optional(),
    custom_id: customId.optional(),
    url: z.string().max(512).optional(),
    disabled: z.boolean().optional(),
  })
  .refine((each) => each.label !== undefined || each.emoji !== undefined, 'a button needs a label or an emoji')
  .refine((each) => (each.style === 5) === (each.url !== undefined), 'links have a url, others none')
  .refine((each) => each.style <= 4 === (each.custom_id !== undefined), 'a custom_id belongs to styles 1 to 4');

/** Of a select and of a radio group. */
const choice = {
  label: z.string().min(1).max(100),
  value: z.string().min(1).max(100),
  default: z.boolean().optional(),
};
const select = z
  .strictObject({
    type: z.literal(3),
    custom_id: customId,
    placeholder: z.string().max(150).optional(),
    min_values: z.number().int().min(0).max(25).optional(),
    max_values: z.number().int().min(1).max(25).optional(),
    disabled: z.boolean().optional(),
    options: z
      .array(
        z.strictObject({
          ...choice,
          description: z.string().max(100).optional(),
          emoji: emoji.optional(),
        }),
      )
      .min(1)
      .max(25),
  })
  .refine(
    (each) => new Set(each.options.map((option) => option.value)).size === each.options.length,
    'option values repeat',
  )
  .refine(
    (each) => each.options.filter((option) => option.default === true).length <= (each.max_values ?? 1),
    'more defaults than max_values',
  );

const row = z.strictObject({
  type: z.literal(1),
  components: z.union([z.array(button).min(1).max(5), z.tuple([select])]),
});

const rows = z
  .array(row)
  .max(5)
  .refine((all) => {
    const ids = all.flatMap((each) => each.components.flatMap((part) => part.custom_id ?? []));
    return new Set(ids).size === ids.length;
  }, 'custom_ids repeat');

const snowflake = z.string().regex(/^\d{17,19}$/);
const allowedMentions = z
  .strictObject({
    parse: z.array(z.enum(['users', 'roles', 'everyone'])).optional(),
    users: z.array(snowflake).max(100).optional(),
    roles: z.array(snowflake).max(100).optional(),
    replied_user: z.boolean().optional(),
  })
  .refine((each) => !(each.parse?.includes('users') === true && (each.users?.length ?? 0) > 0), 'users twice');

const attachment = z.object({
  id: z.union([z.string(), z.number()]),
  filename: z.string().min(1).max(1024).optional(),
  description: z.string().max(1024).nullable().optional(),
  is_spoiler: z.boolean().optional(),
});

const SUPPRESS_EMBEDS = 1 << 2;
const EPHEMERAL = 1 << 6;

export const messageBody = z.strictObject({
  content: z.string().max(2000).nullable().optional(),
  embeds: z.array(z.unknown()).max(0).nullable().optional(),
  components: rows.nullable().optional(),
  allowed_mentions: allowedMentions.nullable().optional(),
  attachments: z.array(attachment).max(10).nullable().optional(),
  flags: z
    .number()
    .int()
    .refine((flags) => (flags & ~(SUPPRESS_EMBEDS | EPHEMERAL)) === 0, 'flags this message cannot have')
    .nullable()
    .optional(),
  nonce: z.union([z.string().max(25), z.number()]).optional(),
  enforce_nonce: z.boolean().optional(),
  tts: z.boolean().optional(),
});
export type MessageBody = z.infer<typeof messageBody>;
export type RowBody = z.infer<typeof row>;

const textInput = z
  .strictObject({
    type: z.literal(4),
    custom_id: customId,
    style: z.union([z.literal(1), z.literal(2)]),
    label: z.string().min(1).max(45).optional(),
    min_length: z.number().int().min(0).max(4000).optional(),
    max_length: z.number().int().min(1).max(4000).optional(),
    required: z.boolean().optional(),
    value: z.string().max(4000).optional(),
    placeholder: z.string().max(100).optional(),
  })
  .refine((each) => (each.value?.length ?? 0) <= (each.max_length ?? 4000), 'value is longer than max_length');

const snowflakeId = z.string().regex(/^\d{17,20}$/);
const channelSelect = z
  .strictObject({
    type: z.literal(8),
    custom_id: customId,
    channel_types: z.array(z.number().int()).optional(),
    placeholder: z.string().max(150).optional(),
    min_values: z.number().int().min(0).max(25).optional(),
    max_values: z.number().int().min(1).max(25).optional(),
    required: z.boolean().optional(),
    default_values: z.array(z.strictObject({ id: snowflakeId, type: z.literal('channel') })).optional(),
  })
  .refine((each) => (each.default_values?.length ?? 0) <= (each.max_values ?? 1), 'more defaults than max_values')
  .refine((each) => each.required !== true || (each.min_values ?? 1) > 0, 'required, and none are enough');

const roleSelect = z.strictObject({
  type: z.literal(6),
  custom_id: customId,
  min_values: z.number().int().min(0).max(25).optional(),
  max_values: z.number().int().min(1).max(25).optional(),
  required: z.boolean().optional(),
  default_values: z.array(z.strictObject({ id: snowflakeId, type: z.literal('role') })).optional(),
});
const stringSelect = z.strictObject({
  type: z.literal(3),
  custom_id: customId,
  min_values: z.number().int().min(0).max(25).optional(),
  max_values: z.number().int().min(1).max(25).optional(),
  required: z.boolean().optional(),
  options: z
    .array(
      z.strictObject({
        label: z.string().min(1).max(100),
        value: z.string().min(1).max(100),
        default: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(25),
});
const radioGroup = z.strictObject({
  type: z.literal(21),
  custom_id: customId,
  required: z.boolean().optional(),
  options: z
    .array(
      z.strictObject({
        ...choice,
        description: z.string().min(1).max(100).optional(),
      }),
    )
    .min(2)
    .max(10)
    .refine((options) => options.filter((option) => option.default === true).length <= 1, 'more than one default'),
});
const fileUpload = z.strictObject({
  type: z.literal(19),
  custom_id: customId,
  min_values: z.number().int().min(0).max(10).optional(),
  max_values: z.number().int().min(1).max(10).optional(),
  file_types: z.array(z.string()).max(10).optional(),
  required: z.boolean().optional(),
});

export const modalBody = z
  .strictObject({
    custom_id: customId,
    title: z.string().min(1).max(45),
    components: z
      .array(
        z.union([
          z.strictObject({
            type: z.literal(18),
            label: z.string().min(1).max(45),
            description: z.string().max(100).optional(),
            component: z.union([
              textInput.refine((input) => input.label === undefined, 'a label inside a label'),
              channelSelect,
              roleSelect,
              stringSelect,
              radioGroup,
              fileUpload,
            ]),
          }),
          z.strictObject({
            type: z.literal(1),
            components: z.tuple([textInput.refine((input) => input.label !== undefined, 'an input without a label')]),
          }),
        ]),
      )
      .min(1)
      .max(5),
  })
  .refine((modal) => {
    const ids = modal.components.map((part) => ('component' in part ? part.component : part.components[0]).custom_id);
    return new Set(ids).size === ids.length;
  }, 'custom_ids repeat');
export type ModalBody = z.infer<typeof modalBody>;

export const autocompleteBody = z.strictObject({
  choices: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100),
        name_localizations: z.unknown().optional(),
        value: z.union([z.string().max(100), z.number()]),
      }),
    )
    .max(25),
});

/** A deferral says who will see the answer and nothing else. */
export const deferralBody = z.strictObject({ flags: z.literal([0, EPHEMERAL]).optional() }).optional();

export const callbackBody = z.strictObject({
  type: z.literal([4, 5, 6, 7, 8, 9]),
  data: z.unknown().optional(),
});
