/** What every store must do; run by each kind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSchema, type Database, keyPart } from '../../src/store/database.ts';

export type DatabaseKind = {
  readonly name: string;
  /** An empty store of this kind; undefined: not here, and `skip` says why. */
  readonly open: (() => Promise<Database>) | undefined;
  readonly skip: string;
  /** Opens the same store again after `close`; undefined where nothing stays. */
  readonly reopen: (() => Promise<Database>) | undefined;
};

export function describeDatabase({ name, open, skip, reopen }: DatabaseKind): void {
  const reason = open === undefined ? ` (skipped: ${skip})` : '';
  describe.skipIf(open === undefined)(`${name}${reason}`, () => {
    let database: Database;
    beforeAll(async () => {
      if (open !== undefined) {
        database = await open();
      }
    });
    afterAll(async () => {
      await database?.close();
    });

    it('knows nothing at first', async () => {
      expect(await database.get('job/none')).toBeUndefined();
      expect(await database.keys('job/')).toEqual([]);
    });

    it('gives back what was put, whatever plain value it is', async () => {
      const values = [0, '', ':base64:x', false, [], {}, { deep: { list: [1, 'ä ☕', null] } }, 'x'.repeat(100_000)];
      await database.put(values.map((value, index) => ({ key: `value/${index}`, value })));
      for (const [index, value] of values.entries()) {
        expect(await database.get(`value/${index}`)).toEqual(value);
      }
      expect(await database.getMany(['value/0', 'value/none', 'value/1'])).toEqual([0, undefined, '']);
    });

    it('replaces and deletes', async () => {
      await database.put([{ key: 'a/1', value: 'first' }]);
      await database.put([{ key: 'a/1', value: 'second' }]);
      expect(await database.get('a/1')).toBe('second');
      await database.delete(['a/1', 'a/none']);
      expect(await database.get('a/1')).toBeUndefined();
      await database.put([]);
      await database.delete([]);
    });

    it('lists the keys under a prefix, in order, and no other’s', async () => {
      const odd = keyPart('discord:1/2*?[]%_\\ ä');
      await database.put(
        [`list/${odd}/b`, `list/${odd}/a`, 'list/x/a', 'listing/a', 'list', 'lis_/a', 'lis*/a'].map((key) => ({
          key,
          value: 1,
        })),
      );
      expect(await database.keys(`list/${odd}/`)).toEqual([`list/${odd}/a`, `list/${odd}/b`]);
      expect(await database.keys('lis_/')).toEqual(['lis_/a']);
      expect(await database.keys('lis*/')).toEqual(['lis*/a']);
      expect((await database.keys('list/')).length).toBe(3);
    });

    it('lists more keys than one page of a server holds', async () => {
      await database.put(Array.from({ length: 2500 }, (_, index) => ({ key: `many/${index}`, value: index })));
      expect((await database.keys('many/')).length).toBe(2500);
      await database.delete(await database.keys('many/'));
      expect(await database.keys('many/')).toEqual([]);
    });

    it('forgets a value after its time', async () => {
      await database.put([
        { key: 'ttl/short', value: 1, ttlMs: 30 },
        { key: 'ttl/long', value: 2, ttlMs: 60_000 },
      ]);
      await new Promise((resolve) => setTimeout(resolve, 80));
      expect(await database.get('ttl/short')).toBeUndefined();
      expect(await database.get('ttl/long')).toBe(2);
    });

    it('refuses a store of a later version in a sentence and leaves it as it is', async () => {
      await checkSchema(database, name);
      await checkSchema(database, name);
      await database.put([{ key: 'meta/schema', value: 999 }]);
      await expect(checkSchema(database, name)).rejects.toThrow('later version');
      expect(await database.get('meta/schema')).toBe(999);
      await database.put([{ key: 'meta/schema', value: 'one' }]);
      await expect(checkSchema(database, name)).rejects.toThrow('cannot be read');
      await database.delete(['meta/schema']);
    });

    it.skipIf(reopen === undefined)('has everything after it was closed and opened again', async () => {
      await database.put([{ key: 'stay/1', value: { kept: true } }]);
      await database.close();
      database = await (reopen ?? (() => Promise.reject(new Error('not to be reopened'))))();
      expect(await database.get('stay/1')).toEqual({ kept: true });
    });
  });
}
