/**
 * The part of Discord's interaction payload that is read, as a schema: what is not named here is not looked at, what
 * Discord may leave out is optional. Names are Discord's own.
 */
import type {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ChannelType,
  ComponentType,
  InteractionType,
} from 'discord.js';
import { z } from 'zod';

const snowflake = z.string().regex(/^\d{1,20}$/);
const bits = z
  .union([z.string().regex(/^\d{1,30}$/), z.number().int().nonnegative()])
  .transform((given) => BigInt(given));

/** One of Discord's numbered kinds; kinds that are newer than the library compare equal to none of its names. */
const kind = <Kind extends number>() => z.custom<Kind>((given) => typeof given === 'number');

/** Discord says `null` for some things that are absent, and nothing for others. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform((given) => given ?? undefined);

const user = z.object({
  id: snowflake,
  username: z.string(),
  global_name: maybe(z.string()),
});

const attachment = z.object({
  id: snowflake,
  filename: z.string(),
  size: z.number().int().nonnegative(),
  url: z.string(),
  content_type: maybe(z.string()),
});
export type Attachment = Readonly<z.infer<typeof attachment>>;

const option = z.object({
  name: z.string(),
  type: kind<ApplicationCommandOptionType>(),
  value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  focused: z.boolean().optional(),
  get options() {
    return z.array(option).optional();
  },
});
export type OptionPayload = z.infer<typeof option>;

const component = z.object({
  custom_id: z.string().optional(),
  /** Of a radio group where nothing is pressed: null. */
  value: maybe(z.string()),
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
  flags: maybe(z.number()),
  application_id: maybe(snowflake),
  author: maybe(z.object({ id: snowflake })),
  components: maybe(z.array(component)),
  attachments: maybe(z.array(attachment)),
  message_snapshots: maybe(z.array(z.object({ message: z.object({ attachments: maybe(z.array(attachment)) }) }))),
});

export const interactionSchema = z.object({
  id: snowflake,
  application_id: snowflake,
  type: kind<InteractionType>(),
  token: z.string().min(1),
  data: z.object({
    name: maybe(z.string()),
    type: maybe(kind<ApplicationCommandType>()),
    guild_id: maybe(snowflake),
    target_id: maybe(snowflake),
    options: maybe(z.array(option)),
    custom_id: maybe(z.string()),
    component_type: maybe(kind<ComponentType>()),
    values: maybe(z.array(z.string())),
    components: maybe(z.array(component)),
    resolved: maybe(
      z.object({
        attachments: maybe(z.record(z.string(), attachment)),
        messages: maybe(z.record(z.string(), message)),
      }),
    ),
  }),
  guild_id: maybe(snowflake),
  guild: maybe(z.object({ locale: maybe(z.string()) })),
  guild_locale: maybe(z.string()),
  channel_id: maybe(snowflake),
  channel: maybe(
    z.object({
      id: snowflake,
      type: maybe(kind<ChannelType>()),
      nsfw: maybe(z.boolean()),
      parent_id: maybe(snowflake),
    }),
  ),
  member: maybe(z.object({ user, nick: maybe(z.string()), permissions: bits, roles: maybe(z.array(snowflake)) })),
  user: maybe(user),
  message: maybe(message),
  locale: maybe(z.string()),
  app_permissions: maybe(bits),
  /** By kind of installation: the guild's id under `0`, the person's under `1`. */
  authorizing_integration_owners: maybe(z.record(z.string(), z.string())),
  attachment_size_limit: maybe(z.number().positive()),
});
export type InteractionPayload = z.infer<typeof interactionSchema>;
