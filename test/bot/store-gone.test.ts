/** A store that is gone for longer than it is waited for: who asks is told so, and is not left waiting. */
import { afterEach, expect, it } from 'vitest';

import { openMemory } from '../../src/store/index.ts';
import { steadied } from '../../src/store/steadied.ts';
import { ada, openWorld, type World, wordsOf } from './world.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

it('is told to whoever asks meanwhile, once, and nothing is drawn of it later', async () => {
  const memory = openMemory();
  let isGone = false;
  const refuse = async <Result>(ask: () => Promise<Result>): Promise<Result> =>
    isGone ? Promise.reject(new Error('connection refused')) : ask();
  world = await openWorld({
    database: { ...steadied(memory), get: async (key) => refuse(async () => memory.get(key)) },
  });
  isGone = true;
  await world.imagine('a fox');
  expect(world.chat.privately).toHaveLength(1);
  expect(wordsOf(world.chat.privately[0]).join(' ')).toMatch(/^This did not work, .* number: \w+\.$/);
  expect(world.chat.standing.size).toBe(0);
  isGone = false;
  await world.bot.resume();
  expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
  await world.imagine('a hare');
  expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(1);
});

it('says nothing beside an answer where it is only the event that cannot be written off', async () => {
  const memory = openMemory();
  let refused = 0;
  world = await openWorld({
    database: {
      ...steadied(memory),
      put: async (entries) => {
        if (entries.some(({ key }) => key.startsWith('seen/'))) {
          refused += 1;
          throw new Error('no room');
        }
        await memory.put(entries);
      },
    },
  });
  await world.imagine('a fox');
  expect(refused).toBe(1);
  expect(world.chat.privately).toEqual([]);
  expect(world.chat.standing.size).toBe(1);
});
