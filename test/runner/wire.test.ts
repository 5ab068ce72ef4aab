/** What crosses a process boundary arrives as it left, through JSON too, or is refused. */
import { describe, expect, it } from 'vitest';

import { CancelledError, StoppedError, UserError } from '../../src/core/errors.ts';
import { packError, unpackError, wire } from '../../src/runner/wire.ts';
import { imagine, requestOf } from '../support/work.ts';

describe('work on the wire', () => {
  it('comes back whole, also through JSON, which drops what is undefined', () => {
    const bare = imagine();
    const full = imagine(
      {
        vae: '/a/vae',
        init: { file: '/a/start.png', strength: 0.5 },
        accelerator: { kind: 'file', file: '/a/lora', weight: 0.5 },
        recipe: { scheduler: 'tcd', grid: [999, 499], eta: 0.3, lastStep: 'first', guidance: 1 },
        styles: [{ id: 'neon', file: '/a/neon', weight: 0.8, sha256: 'aa', base: 'bb' }],
        embeddings: [{ word: 'cat-toy', file: '/a/cat' }],
        variation: { seed: 3, amount: 0.2 },
        mask: { file: '/a/mask.png' },
        extend: { left: 8, top: 0, right: 8, bottom: 0 },
        alpha: true,
        seed: 2 ** 53 - 1,
      },
      'full',
      [1, 3],
    );
    const upscale = { kind: 'upscale', id: 'u', request: { model: 'moji', file: '/a.png', scale: 4 } } as const;
    for (const work of [bare, full, upscale]) {
      expect(wire.work.parse(work)).toStrictEqual(work);
      expect(wire.work.parse(JSON.parse(JSON.stringify(work)))).toStrictEqual(work);
    }
  });

  it('is refused with the name of the field that is not as expected', () => {
    const wrong = { ...imagine(), request: { ...requestOf(), recipe: { scheduler: 'magic' } } };
    expect(() => wire.work.parse(wrong)).toThrow(/scheduler/);
  });
});

describe('an error on the wire', () => {
  it('keeps its family and what it says', () => {
    const user = new UserError('a.b', 'Expected this, got that.', { params: { n: 1, ok: true }, retryAfterMs: 5 });
    const cases = [user, new UserError('c', 'd'), new CancelledError(), new StoppedError(), new TypeError('a bug')];
    for (const error of cases) {
      const back = unpackError(wire.error.parse(JSON.parse(JSON.stringify(packError(error)))));
      expect(back.name).toBe(error.name === 'TypeError' ? 'Error' : error.name);
      expect(back.message).toBe(error.message);
      expect(back.stack?.split('\n')[0]).toContain(error.message);
    }
    expect(unpackError(packError(user))).toMatchObject({ code: 'a.b', params: { n: 1, ok: true }, retryAfterMs: 5 });
    expect(unpackError(packError('thrown text'))).toMatchObject({ message: 'thrown text' });
  });
});
