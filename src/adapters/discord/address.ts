/**
 * Where an answer belongs, as plain data that is saved with a job: an interaction's webhook while its token lives, and
 * what is needed to go on without it. The only place that knows the shape of Discord's `ReplyAddress.data`.
 */
import { z } from 'zod';

import type { ReplyAddress } from '../../core/job.ts';

const interactionAddress = z.object({
  via: z.literal('interaction'),
  application: z.string(),
  token: z.string(),
  /** When the interaction was received: the token dies fifteen minutes after. */
  sinceMs: z.number(),
  /** `@original`, or the id of a follow-up. */
  target: z.string(),
  channel: z.string(),
  /** Who asked. */
  user: z.string(),
  /** The message that `target` is, once known: reachable without the token unless it is private. */
  message: z.string().nullable(),
  isPrivate: z.boolean(),
  /** A "thinking…" stands there and nothing else yet. */
  isWaiting: z.boolean(),
  /** Names the pictures and files that stand there, to leave them alone when nothing but words and buttons changes. */
  files: z.string().default(''),
  /** The bot's own permissions allow it to post and attach in the channel. */
  canPost: z.boolean(),
});

const channelAddress = z.object({
  via: z.literal('channel'),
  channel: z.string(),
  user: z.string(),
  message: z.string(),
  files: z.string().default(''),
});

const discordAddress = z.discriminatedUnion('via', [interactionAddress, channelAddress]);

export type InteractionAddress = Readonly<z.infer<typeof interactionAddress>>;
export type ChannelAddress = Readonly<z.infer<typeof channelAddress>>;
export type DiscordAddress = InteractionAddress | ChannelAddress;

export function encodeAddress(address: DiscordAddress): ReplyAddress {
  return { platform: 'discord', data: { ...address } };
}

/** Throws when the address is another platform's or from a version that wrote another shape. */
export function decodeAddress(address: ReplyAddress): DiscordAddress {
  const parsed = discordAddress.safeParse(address.data);
  if (address.platform !== 'discord' || !parsed.success) {
    throw new Error(`expected an address of Discord, came ${address.platform} ${Object.keys(address.data).join(' ')}`);
  }
  return parsed.data;
}
