/**
 * The body of a request that a chat's platform sends over HTTP: counted while it comes, within a time, into memory, since
 * a signature stands over all of it. Knows no platform and no signature.
 */
import type { IncomingMessage } from 'node:http';

import { bounded, gathered } from '../../core/bounded-bytes.ts';

/** What platforms send is there at once; who sends a byte now and then holds a place that others need. */
const WITHIN_MS = 15_000;

/** Throws `RangeError` for what is too large or too slow, and what the connection breaks off with. */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, withinMs = WITHIN_MS }: { readonly maxBytes: number; readonly withinMs?: number },
): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
    throw tooLarge(maxBytes);
  }
  const timer = setTimeout(() => {
    request.destroy(new RangeError(`a body must come within ${withinMs / 1000} s`));
  }, withinMs);
  try {
    return await gathered(bounded(request, maxBytes, () => tooLarge(maxBytes)));
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`a body can have ${maxBytes} bytes; this one has more`);
}
