import { describe, expect, it } from 'vitest';

import { bounded, gathered } from '../../src/core/bounded-bytes.ts';

const chunks = [Uint8Array.of(1, 2), Uint8Array.of(3)];
const tooMany = (bytes: number): Error => new Error(`${bytes} are too many`);

describe('bytes that are counted', () => {
  it('pass up to their limit, in order', async () => {
    expect([...(await gathered(bounded(chunks, 3, tooMany)))]).toEqual([1, 2, 3]);
  });

  it('end with what is made of their number beyond it, and nothing more is asked for', async () => {
    let asked = 0;
    const endless = (async function* () {
      for (;;) {
        asked += 1;
        yield Uint8Array.of(0, 0);
      }
    })();
    await expect(gathered(bounded(endless, 3, tooMany))).rejects.toThrow('4 are too many');
    expect(asked).toBe(2);
  });
});
