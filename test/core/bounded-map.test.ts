/** A memory that ends by itself, against its limits. */
import { describe, expect, it } from 'vitest';

import { BoundedMap } from '../../src/core/bounded-map.ts';

describe('a bounded map', () => {
  it('forgets what was set or asked for longest ago, beyond its number', () => {
    const map = new BoundedMap<string, number>({ maxCost: 3 });
    for (const [k, key] of ['a', 'b', 'c'].entries()) {
      map.set(key, k);
    }
    map.set('a', 3);
    map.get('b');
    map.has('c');
    map.set('d', 4);
    expect(['a', 'b', 'c', 'd'].map((key) => map.get(key))).toEqual([3, 1, undefined, 4]);
  });

  it('forgets what is older than its age, by the clock it is given and however often it is used', () => {
    let nowMs = 0;
    const map = new BoundedMap<string, number>({ maxCost: 10, age: { ms: 100, monotonicMs: () => nowMs } });
    map.set('a', 1);
    nowMs = 60;
    map.set('b', 2);
    map.get('a');
    nowMs = 100;
    expect([map.has('a'), map.get('a'), map.has('b')]).toEqual([false, undefined, true]);
  });

  it('counts costs, keeps what is in use and the newest, and tells what it lets go', () => {
    const gone: string[] = [];
    const isInUse = (value: string): boolean => value === 'used';
    const map = new BoundedMap<string, string>({ maxCost: 5, isInUse, onEvict: (value) => gone.push(value) });
    map.set('a', 'used', 3);
    map.set('b', 'free', 2);
    map.set('c', 'large', 9);
    expect([gone, map.size]).toEqual([['free'], 2]);
    map.set('c', 'anew', 1);
    map.clear();
    expect(gone).toEqual(['free', 'large', 'used', 'anew']);
  });

  it('deletes by key and by value, and tells nobody but the caller', () => {
    const gone: number[] = [];
    const map = new BoundedMap<string, number>({ maxCost: 3, onEvict: (value) => gone.push(value) });
    map.set('a', 1);
    map.set('b', 2);
    map.set('c', 2);
    map.delete('a');
    expect(map.deleteWhere((value) => value === 2)).toEqual([2, 2]);
    map.set('d', 4, 3);
    expect([map.has('a'), map.size, gone]).toEqual([false, 1, []]);
  });
});
