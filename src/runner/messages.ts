/**
 * What a bot and the child process of a device say to each other. `call` numbers one sending of one piece of work: a
 * work that is run again is another call, so a late word about the first is not mistaken for the second.
 */
import { z } from 'zod';

import type { Parsed } from '../core/parsed.ts';
import { wire } from './wire.ts';

const call = z.int().nonnegative();

const batches = z.object({
  calls: z.number(),
  rows: z.number(),
  maxRows: z.number(),
  uploadedBytes: z.number().optional(),
});

const toChild = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), call, work: wire.work }),
  z.object({ kind: z.literal('cancel'), call }),
  /** The parent lives. */
  z.object({ kind: z.literal('beat') }),
  /** Free the device and end. */
  z.object({ kind: z.literal('close') }),
]);

const toParent = z.discriminatedUnion('kind', [
  /** With how the device computes, in words. */
  z.object({ kind: z.literal('ready'), forms: z.string().optional() }),
  /** The device could not be opened; the child ends after this. */
  z.object({ kind: z.literal('unable'), error: wire.error }),
  /** With the device's count of its batches, where it has one. */
  z.object({ kind: z.literal('beat'), batches: batches.optional() }),
  z.object({ kind: z.literal('event'), call, event: wire.event }),
  z.object({ kind: z.literal('end'), call }),
  z.object({ kind: z.literal('error'), call, error: wire.error }),
]);

export type ToChild = Parsed<typeof toChild>;
export type ToParent = Parsed<typeof toParent>;

/** Throws a `ZodError` naming the field that is not as expected. */
export function parseToChild(message: unknown): ToChild {
  return toChild.parse(message);
}

/** Throws a `ZodError` naming the field that is not as expected. */
export function parseToParent(message: unknown): ToParent {
  return toParent.parse(message);
}

/** What a child is started with, as its one argument in JSON. */
const assignment = z.object({
  /** URL of a module that exports `createRunner(options): Promise<Runner>`. */
  factory: z.string(),
  options: z.unknown(),
  parentPid: z.int(),
  heartbeatMs: z.number().positive(),
  /** A parent silent for so long is gone. */
  parentLimitMs: z.number().positive(),
});

export type Assignment = z.infer<typeof assignment>;

/** Throws a `ZodError` or `SyntaxError` for an argument that no parent of this version wrote. */
export function parseAssignment(argument: string | undefined): Assignment {
  return assignment.parse(JSON.parse(argument ?? ''));
}
