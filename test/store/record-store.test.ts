/** What the stores of records share: strict reading, forgiving reading, and writing that may end by itself. */
import { expect, it } from 'vitest';
import { z } from 'zod';

import { openMemory } from '../../src/store/index.ts';
import { RecordStore } from '../../src/store/record-store.ts';

const schema = z.object({ n: z.number() });

class Numbers extends RecordStore {
  get = (key: string) => this.read(key, schema);
  all = () => this.readAll('n/', schema);
  some = () => this.readable('n/', schema);
  save = (key: string, value: unknown, ttlMs?: number) => this.write(key, value, ttlMs);
}

it('reads one record, and all below a prefix in the order of their keys', async () => {
  const numbers = new Numbers(openMemory());
  await numbers.save('n/b', { n: 2 });
  await numbers.save('n/a', { n: 1 });
  await numbers.save('m/a', { n: 3 });
  expect(await numbers.get('n/b')).toEqual({ n: 2 });
  expect(await numbers.get('n/c')).toBeUndefined();
  expect(await numbers.all()).toEqual([{ n: 1 }, { n: 2 }]);
});

it('refuses what it cannot read in a sentence with its key, or passes it over where that was asked', async () => {
  const numbers = new Numbers(openMemory());
  await numbers.save('n/a', { n: 1 });
  await numbers.save('n/b', { n: 'two' });
  await expect(numbers.get('n/b')).rejects.toMatchObject({
    code: 'store.corrupt',
    message: expect.stringMatching('n/b'),
  });
  await expect(numbers.all()).rejects.toMatchObject({ code: 'store.corrupt' });
  expect(await numbers.some()).toEqual([{ key: 'n/a', value: { n: 1 } }]);
});

it('forgets what was kept for a time', async () => {
  const numbers = new Numbers(openMemory());
  await numbers.save('n/a', { n: 1 }, 1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await numbers.get('n/a')).toBeUndefined();
  expect(await numbers.all()).toEqual([]);
});
