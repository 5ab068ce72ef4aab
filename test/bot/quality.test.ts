/** `quality` in a chat: which accelerator of the model draws, and what its answer and its Info say of it. */
import { afterEach, describe, expect, it } from 'vitest';

import type { ModelAccelerator } from '../../src/core/accelerator.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import { installed, MOJI } from '../support/manifests.ts';
import { ada, openWorld, type World, wordsOf } from './world.ts';

const LCM: ModelAccelerator = { id: 'lcm', file: 'lcm.safetensors', weight: 1, recipe: 'lcm' };
const FINE: ModelAccelerator = { id: 'hyper', file: 'hyper.safetensors', weight: 1, recipe: 'hyper-sd-8' };
const DMD2: ModelAccelerator = { id: 'dmd', file: 'dmd2.safetensors', weight: 1, recipe: 'dmd2' };

let world: World;
afterEach(() => world.close());

async function open(...accelerators: readonly ModelAccelerator[]): Promise<void> {
  world = await openWorld({ ports: { models: { list: () => [installed({ ...MOJI, accelerators })] } } });
}

async function requests(): Promise<readonly GenerationRequest[]> {
  const jobs = await world.stores.jobs.ofUser(ada.user);
  return jobs.flatMap(({ work }) => (work.kind === 'imagine' ? [work.request] : []));
}

const infoOf = async (at: string) => wordsOf(world.chat.at(await world.press(ada, at, 'Info')));

describe('a quality', () => {
  it('is drawn by the accelerator for it, by that one’s recipe, and Info names both', async () => {
    await open(LCM, FINE);
    const at = await world.imagine('a fox', { seed: 7, quality: 'fine' });
    expect(await requests()).toMatchObject([
      {
        accelerator: { kind: 'model', id: 'hyper' },
        steps: 8,
        guidance: 1,
        recipe: { name: 'hyper-sd-8', scheduler: 'ddim' },
      },
    ]);
    const info = await infoOf(at);
    expect(info).toContain('Accelerator hyper · Hyper-SD, 8 steps: DDIM trailing, guidance 1');
    expect(info.at(-1)).toBe('/imagine a fox --seed 7 --count 4 --quality fine');
  });

  it('is understood at the end of a prompt too, and kept by a reroll', async () => {
    await open(LCM, FINE);
    const at = await world.imagine('a fox --quality draft --seed 7');
    await world.press(ada, at, 'Reroll');
    const drawn = await requests();
    expect(drawn.map(({ accelerator, steps }) => [accelerator, steps])).toEqual([
      [{ kind: 'model', id: 'lcm' }, 2],
      [{ kind: 'model', id: 'lcm' }, 2],
    ]);
  });

  it('left out is the model’s usual one, and Info names that', async () => {
    await open(LCM, FINE);
    const info = await infoOf(await world.imagine('a fox', { seed: 7 }));
    expect(info).toContain('Accelerator lcm · LCM: LCM, guidance 1 to 2');
    expect(info.at(-1)).toBe('/imagine a fox --seed 7 --count 4');
  });

  it('of a model with one accelerator is half or twice its steps', async () => {
    await open(LCM);
    await world.imagine('a fox', { quality: 'draft' });
    await world.imagine('a fox', { quality: 'fine' });
    expect((await requests()).map(({ steps }) => steps).toSorted((a, b) => a - b)).toEqual([2, 8]);
  });

  it('that there is not is refused with those that there are', async () => {
    await open(LCM, FINE);
    await world.imagine('a fox --quality best');
    expect(wordsOf(world.chat.privately[0])[0]).toMatch(/best.*draft.*fast.*fine|draft.*fast.*fine.*best/);
    expect(await requests()).toEqual([]);
  });

  it('with steps that its recipe was not made for is refused in a sentence, and nothing is drawn', async () => {
    await open(LCM, FINE);
    await world.imagine('a fox', { quality: 'fine', steps: 5 });
    expect(wordsOf(world.chat.privately[0])[0]).toContain('Hyper-SD, 8 steps');
    expect(await requests()).toEqual([]);
  });
});

describe('an accelerator whose licence is known', () => {
  it('says it in Info and where the model is told about', async () => {
    await open(DMD2);
    const info = await infoOf(await world.imagine('a fox'));
    expect(info).toContain(
      'Accelerator dmd · DMD2, 4 steps: LCM 999 749 499 249, guidance 1 (CC BY-NC: not for commercial use)',
    );
    const about = wordsOf(world.chat.at(await world.act(ada, { kind: 'command', name: 'info', options: {} })));
    expect(about.join('\n')).toContain('Accelerator dmd: DMD2, 4 steps');
    expect(about.join('\n')).toContain('not for commercial use');
  });
});
