import { describe, expect, it } from 'vitest';

import { Places } from '../../src/core/places.ts';

describe('places', () => {
  it('are refused where any of the limits is reached, and nothing is taken then', () => {
    const places = new Places();
    const take = (who: string) =>
      places.take([
        { key: 'all', max: 2 },
        { key: who, max: 1 },
      ]);
    const [ann, again, bob, eve] = [take('ann'), take('ann'), take('bob'), take('eve')];
    expect([ann, again, bob, eve].map((given) => given !== undefined)).toEqual([true, false, true, false]);
    expect(['all', 'ann', 'eve'].map((key) => places.taken(key))).toEqual([2, 1, 0]);
  });

  it('are given back once, however often that is said', () => {
    const places = new Places();
    const first = places.take([{ key: 'all', max: 2 }]);
    places.take([{ key: 'all', max: 2 }]);
    first?.();
    first?.();
    expect(places.taken('all')).toBe(1);
  });
});
