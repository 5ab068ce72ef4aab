/**
 * The program of a child process that turns a stranger's bytes into pixels. It watches its own memory while the codecs
 * work on other threads, and ends itself rather than take the machine's. Holds no secret: its environment is empty.
 */
import sharp from 'sharp';

import type { Picture } from '../core/picture.ts';
import { openPicture, type OpenOptions } from './pixels.ts';

export type DecodeOrder = OpenOptions & {
  readonly bytes: Uint8Array;
  readonly maxResidentBytes: number;
};
export type DecodeAnswer =
  | ({ readonly kind: 'picture' } & Picture)
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Unpacking writes about a gigabyte a second: so long is some tens of megabytes. */
const WATCH_EVERY_MS = 10;

sharp.cache(false);
sharp.concurrency(1);

if (process.send !== undefined) {
  process.on('message', (order: DecodeOrder) => void answer(order));
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

async function answer({ bytes, maxResidentBytes, ...options }: DecodeOrder): Promise<void> {
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() > maxResidentBytes) {
      process.kill(process.pid, 'SIGKILL'); // an orderly exit would wait for the codec
    }
  }, WATCH_EVERY_MS);
  const result = await openPicture(bytes, options).then(
    (picture): DecodeAnswer => ({ kind: 'picture', ...picture }),
    (error: unknown): DecodeAnswer => ({
      kind: 'unreadable',
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  clearInterval(watch);
  process.send?.(result);
}
