import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatStyleMix, parseStyleMix } from '../../commands/style-mix.ts';

describe('parseStyleMix', () => {
  it('reads one style, one at a share, and several', () => {
    expect(parseStyleMix('neon')).toEqual([{ name: 'neon', share: 1 }]);
    expect(parseStyleMix('neon:.5 + ink:0')).toEqual([
      { name: 'neon', share: 0.5 },
      { name: 'ink', share: 0 },
    ]);
    expect(parseStyleMix('')).toEqual([]);
  });

  it.each(['neon+', '+', 'neon:3', 'a+b+c+d+e'])('refuses "%s"', (text) => {
    expect(() => parseStyleMix(text)).toThrow(/Expected a style/);
  });

  it('reads back what formatStyleMix writes', () => {
    const share = fc.record({
      name: fc.stringMatching(/^[a-z][a-z0-9 -]{0,8}[a-z0-9]$/),
      share: fc.integer({ min: -200, max: 200 }).map((n) => n / 100),
    });
    fc.assert(
      fc.property(fc.array(share, { minLength: 1, maxLength: 4 }), (shares) => {
        expect(parseStyleMix(formatStyleMix(shares))).toEqual(
          shares.map((each) => ({ ...each, share: each.share + 0 })),
        );
      }),
    );
  });
});
