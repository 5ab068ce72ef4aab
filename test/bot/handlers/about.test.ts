import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { packageFolder } from '../../../config/paths.ts';
import { usualStrength } from '../../../src/bot/wish.ts';
import { readManifest } from '../../../src/engine/model/manifest-file.ts';
import { installed, MOJI } from '../../support/manifests.ts';
import { ada, admin, bob, guild, labelsOf, openWorld, type World, wordsOf } from '../world.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

const run = async (name: string, actor = ada) => await world.act(actor, { kind: 'command', name, options: {} });
const said = (at: string) => wordsOf(world.chat.at(at)).join('\n');

describe('/help', () => {
  it.each([
    ['en', ada],
    ['de', { ...ada, locale: 'de' as const }],
  ])('fits one screen, in %s', async (_, actor) => {
    world = await openWorld();
    const lines = wordsOf(world.chat.at(await run('help', actor)));
    expect(lines.length).toBeLessThanOrEqual(14);
    expect(lines.join('\n').length).toBeLessThanOrEqual(1000);
    expect(lines.filter((line) => line.startsWith('/imagine'))).toHaveLength(3);
  });

  it('tells admins what is theirs', async () => {
    world = await openWorld();
    expect(said(await run('help', admin))).toContain('/style add · /settings');
    expect(said(await run('help', ada))).not.toContain('/settings');
  });
});

describe('/info', () => {
  it('says how much of a picture to start from the model draws anew, and 60 % where it does not say', async () => {
    world = await openWorld();
    expect(said(await run('info'))).toContain('drawn anew by 60 %');
    await world.close();
    const own = { ...MOJI, defaults: { ...MOJI.defaults, strength: 0.4 } };
    world = await openWorld({ ports: { models: { list: () => [installed(own)] } } });
    expect(said(await run('info'))).toContain('drawn anew by 40 %');
    expect([usualStrength({ manifest: MOJI }), usualStrength({ manifest: own })]).toEqual([0.6, 0.4]);
  });

  it('says of each model that comes along what its manifest says', async () => {
    const folder = join(packageFolder, 'models');
    const manifests = await Promise.all((await readdir(folder)).map((name) => readManifest(join(folder, name))));
    const carried = manifests.filter((manifest) => manifest !== undefined);
    expect(carried.map(({ id }) => id)).toContain('moji');
    for (const manifest of carried) {
      world = await openWorld({ ports: { models: { list: () => [installed(manifest)] } } });
      const percent = Math.round((manifest.defaults.strength ?? 0.6) * 100);
      expect(said(await run('info'))).toContain(`drawn anew by ${percent} %`);
      await world.close();
    }
  });
});

describe('quotas', () => {
  it('count pictures, are shown, and refuse in a sentence', async () => {
    world = await openWorld({ options: { quota: { perUser: 6, perServer: 9 } } });
    await world.imagine('a fox');
    expect(said(await run('info'))).toContain('Left today: 2 of 6 pictures for you, 5 of 9 for this server');
    await world.imagine('a fox');
    expect(wordsOf(world.chat.privately[0])[0]).toBe(
      'You have 2 of 6 pictures left today and asked for 4. Ask for fewer.',
    );
    await world.imagine('a fox --count 2');
    await world.imagine('a fox --count 1');
    expect(wordsOf(world.chat.privately[1])[0]).toBe(
      'You have drawn your 6 pictures of today. There will be more in 24 hours.',
    );
    await world.imagine('a fox', {}, bob);
    expect(wordsOf(world.chat.privately[2])[0]).toContain('This server has drawn its 9 pictures of today.');
    expect(said(await run('queue', bob))).toContain('Left today: 6 of 6 pictures for you, 3 of 9 for this server');
  });

  it('are not counted where there are none', async () => {
    world = await openWorld();
    expect(said(await run('info'))).toContain('Pictures are not counted here.');
    expect(said(await run('queue'))).toContain('None of yours is waiting.');
  });
});

describe('/mydata', () => {
  it('gives all that is kept as a file, without the keys to answers', async () => {
    world = await openWorld();
    await world.imagine('a fox');
    await world.act(ada, { kind: 'command', name: 'style mine', options: { name: 'ink' } });
    const at = await run('mydata export');
    const [file] = world.chat.at(at).files;
    const data = JSON.parse(new TextDecoder().decode(file?.data));
    expect(data).toMatchObject({
      user: ada.user,
      styles: { [guild.server]: 'ink' },
      jobs: [{ typed: { prompt: 'a fox' } }],
    });
    expect(data.jobs[0].address).toBe('discord');
  });

  it('deletes it after asking, and nobody else’s', async () => {
    world = await openWorld();
    const grid = await world.imagine('a fox');
    await world.imagine('a cat', {}, bob);
    const [job] = await world.stores.jobs.ofUser(ada.user);
    const file = job?.state.kind === 'done' ? (job.state.pictures[0]?.file ?? '') : '';
    const at = await run('mydata delete');
    expect(said(at)).toContain('This deletes 1 job with their prompts and pictures');
    expect(labelsOf(world.chat.at(at))).toEqual([['Delete my data']]);
    await world.press(ada, at, 'Delete my data');
    expect(said(at)).toBe('Deleted: 1 job and your settings.');
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
    expect(await world.stores.files.has(file)).toBe(false);
    expect(await world.stores.jobs.ofUser(bob.user)).toHaveLength(1);
    await world.press(bob, grid, 'Info');
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toContain('no longer known');
  });
});

describe('a fault of ours', () => {
  it('is logged under a number, and the person is told that number and nothing else', async () => {
    const logged: object[] = [];
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    world = await openWorld({
      ports: {
        log: {
          ...log,
          error: (fields: object) => {
            logged.push(fields);
          },
        },
        models: {
          list: () => {
            throw new Error('secret path /x');
          },
        },
      },
    });
    await world.imagine('a fox');
    const sentence = wordsOf(world.chat.privately[0])[0];
    expect(sentence).toMatch(/^This did not work, and it is not your doing\. Tell the operator this number: \w{8}\.$/u);
    expect(logged).toMatchObject([{ fault: sentence?.slice(-9, -1), err: { message: 'secret path /x' } }]);
  });
});

describe('logs', () => {
  it('hold no prompt at info or above', async () => {
    const logged: unknown[] = [];
    const note = (fields: object, message: string) => {
      logged.push(fields, message);
    };
    world = await openWorld({ ports: { log: { debug: () => undefined, info: note, warn: note, error: note } } });
    const grid = await world.imagine('a purple hippogriff');
    await world.press(ada, grid, 'U1');
    await world.press(ada, grid, 'Delete');
    expect(logged.length).toBeGreaterThan(0);
    expect(JSON.stringify(logged)).not.toContain('hippogriff');
  });
});
