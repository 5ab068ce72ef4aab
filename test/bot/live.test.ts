/** The picture that follows typing obeys the rules of /imagine and is the same request. */
import { afterEach, describe, expect, it } from 'vitest';
import { createLiveDrawing } from '../../src/bot/live.ts';
import type { LiveRequest } from '../../src/core/live.ts';
import type { Place } from '../../src/core/people.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Style } from '../../src/core/style.ts';
import { botPorts } from '../support/bot-ports.ts';
import { BIG, installed, MOJI } from '../support/manifests.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { ada, guild, openWorld, type World } from './world.ts';

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

async function open(): Promise<(asked: Partial<LiveRequest>, place?: Place) => Promise<GenerationRequest>> {
  world = await openWorld({ ports: { models } });
  let seen: GenerationRequest | undefined;
  const inner = createStubRunner();
  const ports = botPorts({
    stores: world.stores,
    chatOf: () => undefined,
    models,
    runner: {
      ...inner,
      health: () => inner.health(),
      close: (limitMs) => inner.close(limitMs),
      run: (work, signal) => {
        seen = work.kind === 'imagine' ? work.request : undefined;
        return inner.run(work, signal);
      },
    },
    options: { adultWords: ['nude'] },
  });
  const live = createLiveDrawing({ ...ports, newId: () => 'one' });
  return async (asked, place = guild) => {
    const request = { prompt: 'a fox', negative: '', seed: 7, count: 1, styles: [], ...asked };
    for await (const event of live.draw(ada, place, request, new AbortController().signal)) {
      void event;
    }
    return seen!;
  };
}

describe('a live picture', () => {
  it('is the request that /imagine makes of the same wish: triggers, words to keep out, guidance', async () => {
    const live = await open();
    const styles = [
      { name: 'neon', weight: 0.5 },
      { name: 'ink', weight: 1 },
    ];
    const drawn = await live({ negative: 'text', styles });
    await world.imagine('a fox --no text --style neon:0.5+ink --seed 7 --count 1');
    const [job] = await world.stores.jobs.ofUser(ada.user);
    expect(job?.work).toEqual({ kind: 'imagine', request: drawn });
  });

  it('of an adult style is drawn only in a channel for adults', async () => {
    const live = await open();
    const styles = [{ name: 'life', weight: 1 }];
    await expect(live({ styles })).rejects.toThrow('Life');
    expect(await live({ styles }, { ...guild, isNsfw: true })).toMatchObject({
      prompt: 'nude study, a fox',
      negative: 'clothes',
    });
  });

  it('refuses a style of another model by name', async () => {
    const live = await open();
    await expect(live({ styles: [{ name: 'far', weight: 1 }] })).rejects.toThrow(
      'The style Far is for big; this server draws with moji.',
    );
  });

  it('is not drawn where the server does not draw', async () => {
    const live = await open();
    const settings = await world.stores.settings.of(guild.server);
    await world.stores.settings.save(guild.server, { ...settings, channels: ['art'] });
    await expect(live({})).rejects.toMatchObject({ code: 'allowed.channel' });
  });
});
