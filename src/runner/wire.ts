/**
 * Work, events and errors as they cross a process boundary: parsed from `unknown` on arrival, so that a child or a
 * machine of another version is refused by name instead of misread. Knows neither pipes nor Redis.
 */
import { z } from 'zod';

import { CancelledError, StoppedError, UserError } from '../core/errors.ts';
import { work, workEvent } from '../core/work.ts';

const wireError = z.discriminatedUnion('family', [
  z.object({
    family: z.literal('user'),
    code: z.string(),
    sentence: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    retryAfterMs: z.number().optional(),
  }),
  z.object({ family: z.literal('cancelled') }),
  z.object({ family: z.literal('stopped') }),
  z.object({ family: z.literal('fault'), message: z.string(), stack: z.string() }),
]);

export type WireError = z.infer<typeof wireError>;

export const wire = { work, event: workEvent, error: wireError } as const;

/** An error as plain data; its class is its family. */
export function packError(error: unknown): WireError {
  if (error instanceof UserError) {
    const { code, message, params, retryAfterMs } = error;
    return {
      family: 'user',
      code,
      sentence: message,
      params,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
  if (error instanceof CancelledError) {
    return { family: 'cancelled' };
  }
  if (error instanceof StoppedError) {
    return { family: 'stopped' };
  }
  return error instanceof Error
    ? { family: 'fault', message: error.message, stack: error.stack ?? '' }
    : { family: 'fault', message: String(error), stack: '' };
}

/** The inverse of `packError`: the same family, with the words and the stack of the other side. */
export function unpackError(packed: WireError): Error {
  switch (packed.family) {
    case 'user': {
      const { code, sentence, params, retryAfterMs } = packed;
      return new UserError(code, sentence, { params, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    }
    case 'cancelled':
      return new CancelledError();
    case 'stopped':
      return new StoppedError();
    case 'fault': {
      const error = new Error(packed.message);
      error.stack = packed.stack === '' ? (error.stack ?? '') : packed.stack;
      return error;
    }
    default:
      return packed satisfies never;
  }
}
