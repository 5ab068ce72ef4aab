/**
 * Variations of the embedded model's pictures are kin to them: nearer than the neighbours in their grid are, and drawn the
 * same from their request. The distance is the mean difference of pixels, over prompts of one kind.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { defaultRequest } from '../../src/core/default-request.ts';
import type { Picture } from '../../src/core/picture.ts';
import { type GenerationRequest, requestOfPicture } from '../../src/core/request.ts';
import type { Runner } from '../../src/core/work.ts';
import { openCatalog, openEngine } from '../../src/start/open-engine.ts';

/** VARY_PROMPTS=40 takes all of them; a few already show it. */
const PROMPTS = (
  'fox cat house tree apple boat dog horse bird fish bee frog owl bear rose tulip mushroom cactus banana cherry lemon ' +
  'bread cake pizza cup key clock lamp book guitar drum ball hat shoe car bus train rocket moon star'
)
  .split(' ')
  .slice(0, Number(process.env['VARY_PROMPTS'] ?? 12))
  .map((noun) => `a ${noun}`);

let folder: string;
let runner: Runner;
let usual: GenerationRequest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-variation-'));
  runner = await openEngine({ device: 'cpu', dataFolder: folder, startup: 'fast' });
  const { manifest } = await openCatalog(folder).find('moji');
  usual = { ...defaultRequest(manifest!, ''), seed: 100 };
});
afterAll(async () => {
  await runner.close(0);
  rmSync(folder, { recursive: true, force: true });
});

async function draw(request: GenerationRequest): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  const work = { kind: 'imagine', id: `${request.prompt} ${pictures.length}`, request, previewAfter: [] } as const;
  for await (const event of runner.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      pictures[event.index] = event.picture;
    }
  }
  return pictures;
}

function distance(a: Picture, b: Picture): number {
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? 0)), 0) / a.data.length;
}

describe('variations', () => {
  it(
    'are nearer to their picture than its neighbours are: subtle at most 0.6 as far, strong at most 0.85',
    async ({ annotate }) => {
      const sums = { subtle: 0, strong: 0, neighbours: 0 };
      for (const prompt of PROMPTS) {
        const [own, ...neighbours] = await draw({ ...usual, prompt, count: 4 });
        const vary = async (amount: number): Promise<number> => {
          const [kin] = await draw({ ...usual, prompt, count: 1, variation: { seed: 900, amount } });
          expect(kin!.data).not.toEqual(own!.data);
          return distance(own!, kin!);
        };
        sums.subtle += await vary(0.35);
        sums.strong += await vary(0.65);
        sums.neighbours += neighbours.reduce((sum, each) => sum + distance(own!, each), 0) / neighbours.length;
      }
      await annotate(
        `${PROMPTS.length} prompts: subtle ${(sums.subtle / sums.neighbours).toFixed(3)}, strong ${(sums.strong / sums.neighbours).toFixed(3)} of the neighbours' distance`,
      );
      expect(sums.subtle / sums.neighbours).toBeLessThanOrEqual(0.6);
      expect(sums.strong / sums.neighbours).toBeLessThanOrEqual(0.85);
      expect(sums.subtle).toBeLessThan(sums.strong);
    },
    60_000 + 20_000 * PROMPTS.length,
  );

  it('are the picture itself at 0, the other seed’s at 1, and each drawn again alone', async () => {
    const prompt = 'a fox';
    const [own] = await draw({ ...usual, prompt, count: 1 });
    const [none, , third] = await draw({ ...usual, prompt, count: 3, variation: { seed: 900, amount: 0 } });
    expect([none!.data, third!.data]).toEqual([own!.data, own!.data]);
    const whole: GenerationRequest = { ...usual, prompt, count: 3, variation: { seed: 900, amount: 1 } };
    const all = await draw(whole);
    const [other] = await draw({ ...usual, prompt, seed: 902, count: 1 });
    const [again] = await draw(requestOfPicture(whole, 2));
    expect(distance(all[2]!, other!)).toBeLessThan(0.5);
    expect(again!.data).toEqual(all[2]!.data);
  });
});
