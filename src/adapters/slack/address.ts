/**
 * Where an answer stands, as plain data that is saved with its job: enough to edit, replace or remove the message after a
 * restart. Knows no network.
 */
import { z } from 'zod';

import type { ReplyAddress } from '../../core/job.ts';
import type { PlacedPicture } from './render.ts';

const addressSchema = z.object({
  /** The workspace whose bot answers, `T…`; '': the only one that there was when it was written. */
  team: z.string().default(''),
  /** Channel, group or direct message: `C…`, `G…`, `D…`. */
  channel: z.string(),
  /** The thread in which the answer belongs; null: the channel itself. */
  thread: z.string().nullable(),
  /** Our message; null: none is posted yet, or it is one only the person sees. */
  ts: z.string().nullable(),
  /** Who asked, by Slack's id. */
  user: z.string(),
  /** What stands there is the panel in that person's Home tab. */
  isHome: z.boolean().default(false),
  /** The answer is for that person alone. */
  isPrivate: z.boolean(),
  /** What stands at `ts` is only our "one moment": a private answer takes it away. */
  isPlaceholder: z.boolean(),
  /** Where `ts` is null: the key under which our first line, or progress in its place, was posted, if it was; null: none was meant. */
  placeholderKey: z.string().nullable(),
  /** The picture that the message shows, and the sum of its bytes; '' where unknown. */
  file: z.string().nullable(),
  fileSum: z.string(),
  /** The message is a shared file with blocks: its picture cannot be exchanged by an edit. */
  isShare: z.boolean(),
  /** `response_url` of the event: 5 posts within 30 minutes of `at`. */
  hook: z.string().nullable(),
  /**
   * What a post to that address does. `command`: the first posts, later ones replace it; `beside`: always another message
   * (the address belongs to a message that stays); `replace`: edits the private message whose button was pressed.
   */
  hookMode: z.enum(['command', 'beside', 'replace']),
  /** When the event was received. */
  at: z.number(),
});

export type SlackAddress = Readonly<z.infer<typeof addressSchema>>;

export function encodeAddress(address: SlackAddress): ReplyAddress {
  return { platform: 'slack', data: address };
}

/** Throws for an address that this adapter did not write. */
export function decodeAddress(address: ReplyAddress): SlackAddress {
  const parsed = addressSchema.safeParse(address.data);
  if (address.platform !== 'slack' || !parsed.success) {
    throw new Error(`expected an address of Slack, got ${address.platform}: ${JSON.stringify(address.data)}`);
  }
  return parsed.data;
}

export type NewAddress = Pick<SlackAddress, 'team' | 'channel' | 'user' | 'at'> & Partial<SlackAddress>;

export function newAddress(known: NewAddress): SlackAddress {
  return {
    thread: null,
    ts: null,
    isHome: false,
    isPrivate: false,
    isPlaceholder: false,
    placeholderKey: null,
    file: null,
    fileSum: '',
    isShare: false,
    hook: null,
    hookMode: 'beside',
    ...known,
  };
}

/** The picture that the message at the address shows. */
export function standingIn({ file, fileSum }: SlackAddress): PlacedPicture | undefined {
  return file === null ? undefined : { fileId: file, sum: fileSum };
}

/** What the address says of a picture that is shown now. */
export function shownIn(picture: PlacedPicture | undefined): Pick<SlackAddress, 'file' | 'fileSum'> {
  return { file: picture?.fileId ?? null, fileSum: picture?.sum ?? '' };
}
