/** A picture of which a part is drawn anew, from its two files to the jobs that come after it. */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Upload } from '../../../src/core/command.ts';
import type { GenerationRequest } from '../../../src/core/request.ts';
import type { Picture } from '../../../src/core/picture.ts';
import { encodePng, openOwnPicture } from '../../../src/image/index.ts';
import { stubPicture } from '../../support/stub-runner.ts';
import { uploadOf } from '../../support/upload.ts';
import { ada, buttonOf, guild, openWorld, type World, wordsOf } from '../world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  await world.close();
});

async function upload(picture: Picture): Promise<Upload> {
  const { data } = await encodePng(picture);
  return uploadOf('x.png', new Uint8Array(data));
}
const photo = stubPicture(1, 'init', 96, 64);
const grey = (width: number, height: number, of: (x: number) => number): Picture => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, (_, i) => of(Math.floor(i / 3) % width)),
});
const leftHalf = grey(96, 64, (x) => (x < 48 ? 255 : 0));

async function requests(): Promise<readonly GenerationRequest[]> {
  const jobs = await world.stores.jobs.ofUser(ada.user);
  return jobs
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs)
    .flatMap(({ work }) => (work.kind === 'imagine' ? work.request : []));
}

describe('/imagine with a mask', () => {
  it('draws wholly anew what is covered, white or erased, and keeps the mask in black and white', async () => {
    const alpha = Uint8Array.from({ length: 96 * 64 }, (_, i) => (i % 96 < 48 ? 0 : 255));
    for (const mask of [leftHalf, { ...photo, alpha }]) {
      await world.imagine('a hat', { image: await upload(photo), mask: await upload(mask) });
      const last = (await requests()).at(-1)!;
      expect(last.init?.strength).toBe(1);
      const kept = await openOwnPicture(await readFile(last.mask!.file));
      expect([kept.width, kept.height, ...new Set(kept.data)]).toEqual([96, 64, 255, 0]);
      expect([kept.data[0], kept.data[3 * 47], kept.data[3 * 48]]).toEqual([255, 255, 0]);
    }
    await world.imagine('a hat', { image: await upload(photo), mask: await upload(leftHalf), strength: 0.7 });
    expect((await requests()).at(-1)?.init?.strength).toBe(0.7);
  });

  it.each([
    ['a mask alone', { mask: leftHalf }, 'so it needs that picture too'],
    [
      'a mask of another shape',
      { image: photo, mask: grey(64, 64, () => 255) },
      'A mask has the shape of its picture, 96×64; this one is 64×64.',
    ],
    ['a mask of nothing', { image: photo, mask: grey(96, 64, () => 0) }, 'Nothing is covered by this mask'],
  ])('refuses %s and keeps nothing', async (_, given, sentence) => {
    const files = await Promise.all(
      Object.entries(given).map(async ([name, picture]) => [name, await upload(picture)]),
    );
    await world.imagine('a hat', Object.fromEntries(files));
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toContain(sentence);
    expect(await requests()).toEqual([]);
  });

  it('is told by Info, and stays with Reroll, Remix and what is varied', async () => {
    const at = await world.imagine('a hat --count 1', { image: await upload(photo), mask: await upload(leftHalf) });
    await world.press(ada, at, 'Reroll');
    const remix = buttonOf(world.chat.at(at), 'Remix').id;
    const action = { kind: 'button', id: remix } as const;
    const form = await world.bot.form({ id: 'f', actor: ada, place: guild, action, receivedAtMs: 0 });
    await world.act(ada, { kind: 'form', id: form.id, fields: { prompt: 'a cap', options: '--count 1' } });
    await world.press(ada, at, 'Subtle');
    const [first, reroll, remixed, varied] = await requests();
    expect(reroll).toMatchObject({ mask: first!.mask, init: first!.init });
    expect(remixed).toMatchObject({ prompt: 'a cap', mask: first!.mask, init: { file: first!.init!.file } });
    const { width, height } = await openOwnPicture(await readFile(varied!.mask!.file));
    expect([width, height]).toEqual([first!.width, first!.height]);
    await world.press(ada, at, 'Info');
    expect(wordsOf(world.chat.history.at(-1)?.message)).toContain('Of that picture only what a mask covers');
  });

  it('is refused once its mask is gone, with what to do', async () => {
    const at = await world.imagine('a hat', { image: await upload(photo), mask: await upload(leftHalf) });
    await world.stores.files.remove((await requests())[0]!.mask!.file);
    await world.press(ada, at, 'Reroll');
    expect(wordsOf(world.chat.history.at(-1)?.message)[0]).toContain('is no longer kept');
  });

  it('goes when its person’s data go', async () => {
    await world.imagine('a hat', { image: await upload(photo), mask: await upload(leftHalf) });
    const [{ mask }] = (await requests()) as [GenerationRequest];
    const sure = await world.act(ada, { kind: 'command', name: 'mydata delete', options: {} });
    await world.press(ada, sure, 'Delete');
    expect(await world.stores.files.has(mask!.file)).toBe(false);
  });
});
