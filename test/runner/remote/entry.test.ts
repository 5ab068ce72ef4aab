/** What is written into a stream is what is read out of it. */
import { describe, expect, it } from 'vitest';

import { packEntry, unpackEntry, type Entry } from '../../../src/runner/remote/entry.ts';
import { packError } from '../../../src/runner/wire.ts';
import { UserError } from '../../../src/core/errors.ts';
import { stubPicture } from '../../support/stub-runner.ts';

const ENTRIES: readonly Entry[] = [
  { kind: 'end' },
  { kind: 'error', error: packError(new UserError('a.b', 'Expected this.', { params: { n: 1 }, retryAfterMs: 5 })) },
  { kind: 'event', event: { kind: 'started' } },
  { kind: 'event', event: { kind: 'step', index: 0, step: 1, steps: 4 } },
  { kind: 'event', event: { kind: 'notice', code: 'c', sentence: 's', params: { kept: 75, word: 'ö' } } },
  { kind: 'event', event: { kind: 'preview', index: 1, step: 2, steps: 4, picture: stubPicture(1, 'p', 4, 3) } },
  {
    kind: 'event',
    event: {
      kind: 'picture',
      index: 3,
      seed: 2 ** 53 - 1,
      picture: stubPicture(2, 'q', 5, 2),
      ms: { text: 0.5, denoise: 1, decode: 2, total: 3.5 },
    },
  },
  {
    kind: 'event',
    event: {
      kind: 'picture',
      index: 0,
      seed: 1,
      picture: { ...stubPicture(2, 'q', 5, 2), alpha: Uint8Array.from({ length: 10 }, (_, n) => n * 20) },
      ms: { text: 0, denoise: 1, decode: 2, total: 3 },
    },
  },
];

describe('an entry of a stream', () => {
  it('comes back as it went, pictures as bytes', () => {
    for (const entry of ENTRIES) {
      const fields = packEntry(entry).map((field) => Buffer.from(field));
      expect(unpackEntry(fields)).toEqual(entry);
    }
  });

  it('is refused when its picture does not fill its size', () => {
    const fields = packEntry(ENTRIES[5]!).map((field) => Buffer.from(field));
    fields[3] = fields[3]!.subarray(1);
    expect(() => unpackEntry(fields)).toThrow(/width × height × 3/);
    const clear = packEntry(ENTRIES.at(-1)!).map((field) => Buffer.from(field));
    clear[5] = clear[5]!.subarray(1);
    expect(() => unpackEntry(clear)).toThrow(/width × height bytes of alpha/);
  });
});
