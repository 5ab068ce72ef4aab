/** A picture whose style, model or first picture is no longer here: its buttons say so, and nothing is tried in vain. */
import { afterEach, describe, expect, it } from 'vitest';
import { encodePng } from '../../../src/image/index.ts';
import { stubPicture } from '../../support/stub-runner.ts';
import { BIG, installed, MOJI } from '../../support/manifests.ts';
import { ada, admin, guild, openWorld, type World, wordsOf } from '../world.ts';
import { NOTHING_FETCHED } from '../../support/bot-ports.ts';
import { uploadOf } from '../../support/upload.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

const lastRefusal = () => wordsOf(world.chat.privately.at(-1)).join(' ');

describe('Reroll', () => {
  it('of a picture whose style was removed names the style, and no path of this machine', async () => {
    world = await openWorld({
      ports: {
        loras: { fetch: NOTHING_FETCHED, inspect: async () => ({ kind: 'LoRA', rank: 4, base: 'moji', triggers: [] }) },
      },
    });
    const header = Buffer.from('{"a":1}');
    const data = Buffer.concat([Buffer.alloc(8), header]);
    data.writeBigUInt64LE(BigInt(header.length), 0);
    const file = uploadOf('glow.safetensors', new Uint8Array(data));
    const trial = await world.act(admin, { kind: 'command', name: 'style add', options: { name: 'Glow', file } });
    await world.press(admin, trial, 'Save');
    const at = await world.imagine('a fox --style glow');
    await world.press(ada, at, 'Reroll');
    expect(world.chat.privately).toEqual([]);
    await world.act(admin, { kind: 'command', name: 'style remove', options: { name: 'glow' } });
    for (const label of ['Reroll', 'V1']) {
      await world.press(ada, at, label);
      expect(lastRefusal()).toBe(
        'The style Glow of this picture is no longer here. Press Remix and choose another, or none.',
      );
    }
  });

  it('of a picture whose model is gone says so', async () => {
    let list = [MOJI, BIG];
    world = await openWorld({
      ports: { models: { list: () => list.map((manifest) => installed(manifest)) } },
      options: { model: 'big' },
    });
    const at = await world.imagine('a fox');
    list = [MOJI];
    await world.press(ada, at, 'Reroll');
    expect(lastRefusal()).toBe('The model big of this picture is no longer here. Press Remix to draw its words anew.');
  });

  it('of a picture whose model has changed says so, and so does V; Remix draws with today’s', async () => {
    let fingerprint = 'yesterday';
    world = await openWorld({ ports: { models: { list: () => [installed(MOJI, undefined, fingerprint)] } } });
    const at = await world.imagine('a fox');
    await world.press(ada, at, 'Reroll');
    expect(world.chat.privately).toEqual([]);
    fingerprint = 'today';
    for (const label of ['Reroll', 'V1']) {
      await world.press(ada, at, label);
      expect(lastRefusal()).toBe(
        'The model Moji has changed since this picture was drawn; another would come. Press Remix to draw its words anew.',
      );
    }
    const [job] = await world.stores.jobs.ofUser(ada.user);
    await world.act(ada, { kind: 'form', id: `1.remix.${job!.id}`, fields: { prompt: 'a fox', options: '' } });
    const remixed = (await world.stores.jobs.ofUser(ada.user)).at(-1);
    expect(remixed?.work).toMatchObject({ request: { fingerprint: 'today' } });
  });

  it('of a picture that began from one that is no longer kept asks for it', async () => {
    world = await openWorld();
    const { data } = await encodePng(stubPicture(1, 'init', 128, 128));
    const image = uploadOf('init.png', new Uint8Array(data));
    const at = await world.imagine('a fox', { image });
    await world.stores.files.prune('uploads', 0);
    await world.press(ada, at, 'Reroll');
    const sentence = 'The picture that this one began from is no longer kept. Ask with /imagine and attach it again.';
    expect(lastRefusal()).toBe(sentence);
    const [job] = await world.stores.jobs.ofUser(ada.user);
    const remix = { kind: 'form', id: `1.remix.${job!.id}`, fields: { prompt: 'a bear', options: '' } } as const;
    await world.act(ada, remix, { place: guild });
    expect(lastRefusal()).toBe(sentence);
  });
});
