/**
 * The part of Discord's interaction payload that is read, as a schema: what is not named here is not looked at, what
 * Discord may leave out is optional. Names are Discord's own.
 */
import { z } from 'zod';

const snowflake = z.string().regex(/^\d{1,20}$/);
const bits = z.string().regex(/^\d{1,30}$/);

const user = z.object({
  id: snowflake,
  username: z.string(),
  global_name: z.string().nullish(),
});

const attachment = z.object({
  id: snowflake,
  filename: z.string(),
  size: z.number().int().nonnegative(),
  url: z.string(),
});
export type Attachment = Readonly<z.infer<typeof attachment>>;

export type OptionPayload = {
  readonly name: string;
  readonly type: number;
  readonly value?: string | number | boolean | undefined;
  readonly focused?: boolean | undefined;
  readonly options?: readonly OptionPayload[] | undefined;
};
const option: z.ZodType<OptionPayload> = z.object({
  name: z.string(),
  type: z.number(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
  get options() {
    return z.array(option).optional();
  },
});

type ComponentPayload = {
  readonly custom_id?: string | undefined;
  readonly value?: string | undefined;
  readonly values?: readonly string[] | undefined;
  readonly components?: readonly ComponentPayload[] | undefined;
  readonly component?: ComponentPayload | undefined;
};
const component: z.ZodType<ComponentPayload> = z.object({
  custom_id: z.string().optional(),
  value: z.string().optional(),
  values: z.array(z.string()).optional(),
  get components() {
    return z.array(component).optional();
  },
  get component() {
    return component.optional();
  },
});

const message = z.object({
  id: snowflake,
  flags: z.number().optional(),
  application_id: snowflake.optional(),
  author: z.object({ id: snowflake }).optional(),
  components: z.array(component).optional(),
});

export const interactionSchema = z.object({
  id: snowflake,
  application_id: snowflake,
  type: z.number(),
  token: z.string().min(1),
  data: z.object({
    name: z.string().optional(),
    type: z.number().optional(),
    target_id: snowflake.optional(),
    options: z.array(option).optional(),
    custom_id: z.string().optional(),
    component_type: z.number().optional(),
    values: z.array(z.string()).optional(),
    components: z.array(component).optional(),
    resolved: z
      .object({
        attachments: z.record(z.string(), attachment).optional(),
        messages: z.record(z.string(), message).optional(),
      })
      .optional(),
  }),
  guild_id: snowflake.optional(),
  guild: z.object({ locale: z.string().optional() }).optional(),
  guild_locale: z.string().optional(),
  channel_id: snowflake.optional(),
  channel: z.object({ id: snowflake, type: z.number().optional(), nsfw: z.boolean().optional() }).optional(),
  member: z.object({ user, nick: z.string().nullish(), permissions: bits }).optional(),
  user: user.optional(),
  message: message.optional(),
  locale: z.string().optional(),
  app_permissions: bits.optional(),
  attachment_size_limit: z.number().positive().optional(),
});
export type InteractionPayload = z.infer<typeof interactionSchema>;
