/**
 * What was heard and not yet kept as a job: written down before the acknowledgement, read back after a crash. A file
 * that came with it cannot be written down; whoever sent one is asked to send it again.
 */
import { z } from 'zod';

import { ACKNOWLEDGEMENTS, type Invocation, MESSAGE_ACTIONS } from '../core/chat.ts';
import { type ReplyAddress, replyAddress } from '../core/job.ts';
import type { Parsed } from '../core/parsed.ts';
import { type Partition, partitionName } from '../core/partition.ts';
import { actor, place, placeKey } from '../core/people.ts';

const texts = z.record(z.string(), z.string());

const action = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('command'),
    name: z.string(),
    options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  }),
  z.object({
    kind: z.literal('button'),
    id: z.string(),
    carried: z.array(z.string()).optional(),
    isPrivate: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('select'),
    id: z.string(),
    values: z.array(z.string()),
    carried: z.array(z.string()).optional(),
  }),
  z.object({ kind: z.literal('form'), id: z.string(), fields: texts, isPrivate: z.boolean().optional() }),
  z.object({
    kind: z.literal('message'),
    name: z.enum(MESSAGE_ACTIONS),
    buttonIds: z.array(z.string()),
    author: placeKey.optional(),
    isPrivate: z.boolean().optional(),
  }),
]);

const inboxRecord = z.object({
  invocation: z.object({
    id: z.string(),
    actor,
    place,
    action,
    receivedAtMs: z.number(),
    acknowledgedAs: z.enum(ACKNOWLEDGEMENTS).optional(),
  }),
  address: replyAddress,
  /** It had a file, which is gone. */
  hadFile: z.boolean(),
  /** Of several processes on one store the one that heard it. */
  owner: z.string().optional(),
});
type InboxRecord = Omit<Parsed<typeof inboxRecord>, 'invocation'> & { readonly invocation: Invocation };

/** What names an event in the inbox. */
export function inboxIdOf({ place, id }: Pick<Invocation, 'place' | 'id'>): string {
  return `${place.platform} ${id}`;
}

/** Plain JSON; files are left out. */
export function packRecord(invocation: Invocation, address: ReplyAddress, partition?: Partition): InboxRecord {
  const packed = pack(invocation, address);
  return partition === undefined ? packed : { ...packed, owner: partitionName(partition) };
}

function pack(invocation: Invocation, address: ReplyAddress): InboxRecord {
  const { action: given } = invocation;
  if (given.kind === 'form') {
    const { files, ...form } = given;
    return { invocation: { ...invocation, action: form }, address, hadFile: files !== undefined };
  }
  if (given.kind === 'message') {
    const { pictures = [], ...action } = given;
    return {
      invocation: { ...invocation, action },
      address,
      hadFile: pictures.length > 0 && action.buttonIds.length === 0,
    };
  }
  if (given.kind !== 'command') {
    return { invocation, address, hadFile: false };
  }
  const options = Object.entries(given.options);
  const plain = options.filter(([, value]) => typeof value !== 'object');
  return {
    invocation: { ...invocation, action: { ...given, options: Object.fromEntries(plain) } },
    address,
    hadFile: plain.length < options.length,
  };
}

/** Undefined for what another version wrote. */
export function parseRecord(record: unknown): InboxRecord | undefined {
  return inboxRecord.safeParse(record).data;
}
