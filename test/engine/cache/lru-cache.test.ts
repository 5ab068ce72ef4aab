import { describe, expect, it } from 'vitest';
import { LruCache } from '../../../src/engine/cache/lru-cache.ts';

function cacheOf(maxCost: number) {
  const evicted: string[] = [];
  const cache = new LruCache<string>({
    maxCost,
    costOf: (value) => value.length,
    onEvict: (value) => evicted.push(value),
  });
  return { cache, evicted };
}

describe('LruCache', () => {
  it('lets go of what was used longest ago', async () => {
    const { cache, evicted } = cacheOf(6);
    await cache.get('a', async () => 'aaa');
    await cache.get('b', async () => 'bbb');
    await cache.get('a', async () => 'never made');
    await cache.get('c', async () => 'ccc');
    expect(evicted).toEqual(['bbb']);
    expect(await cache.get('a', async () => 'made anew')).toBe('aaa');
  });

  it('keeps a lone entry that costs more than the limit until the next comes', async () => {
    const { cache, evicted } = cacheOf(2);
    await cache.get('a', async () => 'aaaa');
    expect(evicted).toEqual([]);
    await cache.get('b', async () => 'b');
    expect(evicted).toEqual(['aaaa']);
  });

  it('keeps what is in use', async () => {
    const evicted: string[] = [];
    const cache = new LruCache<string>({
      maxCost: 2,
      costOf: (value) => value.length,
      isInUse: (value) => value === 'aa',
      onEvict: (value) => evicted.push(value),
    });
    await cache.get('a', async () => 'aa');
    await cache.get('b', async () => 'bb');
    await cache.get('c', async () => 'cc');
    expect(evicted).toEqual(['bb']);
  });

  it('makes a value once for two who ask at the same time', async () => {
    const { cache } = cacheOf(10);
    let made = 0;
    const make = async () => `value ${++made}`;
    expect(await Promise.all([cache.get('a', make), cache.get('a', make)])).toEqual(['value 1', 'value 1']);
  });

  it('makes anew what was forgotten, without a word and with its room given back', async () => {
    const { cache, evicted } = cacheOf(4);
    await cache.get('a', async () => 'old');
    expect(cache.forget('old')).toBe(true);
    expect(cache.forget('old')).toBe(false);
    expect(await cache.get('a', async () => 'new')).toBe('new');
    await cache.get('b', async () => 'b');
    expect(evicted).toEqual([]);
  });

  it('forgets a making that failed', async () => {
    const { cache } = cacheOf(10);
    const failing = cache.get('a', async () => {
      throw new Error('no file');
    });
    await expect(failing).rejects.toThrow('no file');
    expect(await cache.get('a', async () => 'second')).toBe('second');
  });

  it('lets everything go on clear', async () => {
    const { cache, evicted } = cacheOf(10);
    await cache.get('a', async () => 'a');
    await cache.get('b', async () => 'b');
    await cache.clear();
    expect(evicted).toEqual(['a', 'b']);
    expect(cache.size).toBe(0);
  });
});
