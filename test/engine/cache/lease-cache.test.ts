/** Who has what is lent, and when it is freed. */
import { describe, expect, it } from 'vitest';

import { LeaseCache } from '../../../src/engine/cache/lease-cache.ts';

type Thing = { readonly name: string };

function cacheOf(maxCost: number) {
  const made: string[] = [];
  const freed: string[] = [];
  const cache = new LeaseCache<Thing>({
    maxCost,
    costOf: () => 1,
    free: async ({ name }) => void freed.push(name),
  });
  const lease = (key: string) =>
    cache.lease(key, async () => {
      made.push(key);
      return { name: key };
    });
  return { cache, made, freed, lease };
}

describe('a lease', () => {
  it('is of one value for all who ask, made once', async () => {
    const { lease, made } = cacheOf(1);
    const [one, other] = await Promise.all([lease('a'), lease('a')]);
    expect(one.value).toBe(other.value);
    expect(made).toEqual(['a']);
  });

  it('keeps a value that has no room until the last one brings it back', async () => {
    const { lease, freed } = cacheOf(1);
    const [one, other] = [await lease('a'), await lease('a')];
    await lease('b');
    one.release();
    await lease('c');
    expect(freed).toEqual([]);
    other.release();
    await lease('d');
    expect(freed).toEqual(['a']);
  });

  it('of a retired value goes on; the next who asks has it made anew', async () => {
    const { cache, lease, made, freed } = cacheOf(2);
    const old = await lease('a');
    cache.retire(old.value);
    cache.retire(old.value);
    const fresh = await lease('a');
    expect(fresh.value).not.toBe(old.value);
    expect(made).toEqual(['a', 'a']);
    expect(freed).toEqual([]);
    old.release();
    expect(freed).toEqual(['a']);
  });

  it('of a value that nobody has frees it when it is retired', async () => {
    const { cache, lease, freed } = cacheOf(2);
    const { value, release } = await lease('a');
    release();
    cache.retire(value);
    expect(freed).toEqual(['a']);
  });

  it('ends with the cache, which frees everything once', async () => {
    const { cache, lease, freed } = cacheOf(3);
    const a = await lease('a');
    (await lease('b')).release();
    cache.retire(a.value);
    await cache.close();
    expect(freed.toSorted()).toEqual(['a', 'b']);
  });
});
