/** A memory that ends by itself, against its two limits. */
import { describe, expect, it } from 'vitest';

import { BoundedMap } from '../../../src/adapters/shared/bounded-map.ts';

describe('a bounded map', () => {
  it('forgets the oldest beyond its number, and what is set again counts as new', () => {
    const map = new BoundedMap<string, number>({ entries: 2 });
    map.set('a', 1);
    map.set('b', 2);
    map.set('a', 3);
    map.set('c', 4);
    expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([3, undefined, 4]);
  });

  it('forgets what is older than its age, by the clock it is given', () => {
    let nowMs = 0;
    const map = new BoundedMap<string, number>({ entries: 10, age: { ms: 100, monotonicMs: () => nowMs } });
    map.set('a', 1);
    nowMs = 60;
    map.set('b', 2);
    nowMs = 100;
    expect([map.has('a'), map.has('b')]).toEqual([false, true]);
  });

  it('deletes by key and by value', () => {
    const map = new BoundedMap<string, number>({ entries: 10 });
    map.set('a', 1);
    map.set('b', 2);
    map.set('c', 2);
    map.delete('a');
    map.deleteWhere((value) => value === 2);
    expect([map.has('a'), map.has('b'), map.has('c')]).toEqual([false, false, false]);
  });
});
