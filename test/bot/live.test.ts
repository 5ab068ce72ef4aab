/** The picture that follows typing obeys the rules of /imagine and is the same request. */
import { existsSync } from 'node:fs';

import { afterEach, describe, expect, it } from 'vitest';

import { createLiveDrawing } from '../../src/bot/live.ts';
import type { OptionValue } from '../../src/core/command.ts';
import type { LiveEvent } from '../../src/core/live.ts';
import { encodePng } from '../../src/image/index.ts';
import type { Place } from '../../src/core/people.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Style } from '../../src/core/style.ts';
import type { Work } from '../../src/core/work.ts';
import { botPorts } from '../support/bot-ports.ts';
import { BIG, installed, MOJI } from '../support/manifests.ts';
import { createStubRunner, type StubRunnerOptions, stubPicture } from '../support/stub-runner.ts';
import { ada, guild, openWorld, type World } from './world.ts';
import { uploadOf } from '../support/upload.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

const moji = installed(MOJI);

const nude: Style = { ...moji.styles[0]!, id: 'life', name: 'Life', trigger: 'nude study', negative: 'clothes' };
const far: Style = { ...moji.styles[0]!, id: 'far', name: 'Far', model: 'big' };
const models = {
  list: () => [
    { ...moji, styles: [...moji.styles, nude] },
    { ...installed(BIG), styles: [far] },
  ],
};

type Draw = (
  options: Readonly<Record<string, OptionValue>>,
  place?: Place,
  isDraft?: boolean,
) => Promise<GenerationRequest>;

/** What was told in the last drawing, and what the runner was given. */
let told: LiveEvent[];
let works: Work[];

async function open(stub: StubRunnerOptions = {}): Promise<Draw> {
  world = await openWorld({ ports: { models } });
  let seen: GenerationRequest | undefined;
  const inner = createStubRunner(stub);
  const ports = botPorts({
    stores: world.stores,
    chatOf: () => undefined,
    models,
    runner: {
      ...inner,
      health: () => inner.health(),
      close: (limitMs) => inner.close(limitMs),
      run: (work, signal) => {
        works.push(work);
        seen = work.kind === 'imagine' ? work.request : seen;
        return inner.run(work, signal);
      },
    },
    options: { adultWords: ['nude'] },
  });
  const live = createLiveDrawing({ ...ports, newId: () => 'one' });
  return async (options, place = guild, isDraft = false) => {
    const request = { options: { prompt: 'a fox', ...options }, isDraft, canvas: 'a' };
    told = [];
    works = [];
    for await (const event of live.draw(ada, place, request, new AbortController().signal)) {
      told.push(event);
    }
    return seen!;
  };
}

describe('a live picture', () => {
  it.each([
    ['a fox --no text --style neon:0.5+ink --seed 7 --count 1', {}],
    ['a fox --ar 3:2 --steps 6 --seed 3', { count: 4 }],
    ['a fox --n 2', { seed: 9, style: 'ink', negative: 'text', guidance: 2 }],
    ['a fox', { seed: 5 }],
  ])('of %j is the request that /imagine makes of it: flags, fields, the usual style', async (prompt, fields) => {
    const live = await open();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, defaultStyle: 'neon', count: 4 });
    const drawn = await live({ prompt, ...fields });
    const typed = Object.entries(fields).map(([name, value]) => ` --${name} ${value}`);
    await world.imagine(`${prompt}${typed.join('')}`);
    const [job] = await world.stores.jobs.ofUser(ada.user);
    const seed = job?.work.kind === 'imagine' ? job.work.request.seed : 0;
    expect(job?.work).toEqual({ kind: 'imagine', request: { ...drawn, seed } });
  });

  it('is one picture of few steps while something moves', async () => {
    const live = await open();
    expect(await live({ seed: 7, count: 4 }, guild, true)).toMatchObject({ seed: 7, count: 1, steps: 2 });
  });

  it('starts from a picture that is there as long as it is drawn', async () => {
    const live = await open();
    const { data } = await encodePng(stubPicture(1, 'init', 128, 96));
    const image = uploadOf('x.png', new Uint8Array(data));
    const { init } = await live({ image, strength: 0.4 });
    expect(init).toMatchObject({ strength: 0.4 });
    expect(existsSync(init!.file)).toBe(false);
  });

  it('is enlarged for the window once it rests, and not while it moves', async () => {
    const live = await open();
    await live({ count: 1 }, guild, true);
    expect(works.map(({ kind }) => kind)).toEqual(['imagine']);
    await live({ count: 1 });
    expect(works.at(-1)).toMatchObject({ kind: 'upscale', request: { model: 'moji', scale: 2 } });
    const [picture, large] = told.filter(({ kind }) => kind === 'picture' || kind === 'enlarged');
    expect(picture).toMatchObject({ kind: 'picture', width: 128 });
    expect(large).toMatchObject({ kind: 'enlarged', index: 0 });
    await live({ count: 4 });
    const scales = works.flatMap((work) => (work.kind === 'upscale' ? [work.request.scale] : []));
    expect(scales).toEqual([2, 2, 2, 2]);
  });

  it('tells the runner that it follows a hand, and whether that rests', async () => {
    const live = await open();
    await live({}, guild, true);
    expect(works[0]).toMatchObject({ live: 'draft' });
    await live({});
    expect(works[0]).toMatchObject({ live: 'final' });
  });

  it('comes with what the person should know', async () => {
    const live = await open({ noticePrompt: 'fox' });
    await live({});
    expect(told.find(({ kind }) => kind === 'notice')).toMatchObject({ code: 'prompt.cut' });
  });

  it('of an adult style is drawn only in a channel for adults', async () => {
    const live = await open();
    const style = 'life';
    await expect(live({ style })).rejects.toThrow('Life');
    expect(await live({ style }, { ...guild, isNsfw: true })).toMatchObject({
      prompt: 'nude study, a fox',
      negative: 'clothes',
    });
  });

  it('refuses a style of another model by name', async () => {
    const live = await open();
    await expect(live({ style: 'far' })).rejects.toThrow('The style Far is for big; this server draws with moji.');
  });

  it('is not drawn for who has no picture left today, and counts none', async () => {
    const live = await open();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, perUserDay: 1 });
    await live({});
    await live({});
    await world.imagine('a fox --count 1');
    await expect(live({})).rejects.toMatchObject({ code: 'quota.user' });
  });

  it('is not drawn where the server does not draw', async () => {
    const live = await open();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, channels: ['art'] });
    await expect(live({})).rejects.toMatchObject({ code: 'allowed.channel' });
  });
});
