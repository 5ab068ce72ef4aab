/** Events on a disk that fills up between hearing and ending one. */
import { describe, expect, it } from 'vitest';

import { writeFailure, type Database } from '../../src/store/database.ts';
import { InboxStore } from '../../src/store/inbox.ts';
import { openMemory } from '../../src/store/memory.ts';

describe('deliveries', () => {
  it('forget what was accepted and answered, also where a full disk cannot hold that it was', async () => {
    const database = openMemory();
    let isFull = false;
    const onDisk: Database = {
      get: (key) => database.get(key),
      getMany: (keys) => database.getMany(keys),
      keys: (prefix) => database.keys(prefix),
      delete: (keys) => database.delete(keys),
      close: () => database.close(),
      put: async (entries) => {
        if (isFull) {
          throw writeFailure(Object.assign(new Error('write'), { code: 'ENOSPC' }));
        }
        await database.put(entries);
      },
    };
    const inbox = new InboxStore(onDisk);
    await inbox.record('a', { words: 'a fox' });
    expect(await inbox.claim('a')).toBe(true);
    isFull = true;
    await expect(inbox.complete('a')).rejects.toThrow(/full/);
    expect(await inbox.recorded()).toEqual([]);
  });
});
