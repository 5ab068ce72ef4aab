/**
 * Whole pictures on some device: against diffusers', and of kinds with tests of their own against the processor's,
 * which those hold to diffusers. Tells the largest difference of a pixel, of 255.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Picture } from '../../src/core/picture.ts';
import { samplingOf } from '../../src/core/recipes.ts';
import type { Runner, Work } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import type { EngineRunnerOptions } from '../../src/engine/engine-runner.ts';
import {
  drawAll,
  expectedPictures,
  goldenPictures,
  goldenRequest,
  largestDifference,
  writeGoldenModels,
} from './golden-pictures.ts';
import { writeTinyAlphaHead, writeTinyModel, writeTinyUpscaler } from './tiny-model.ts';

const MERGED_STYLE = path.join(import.meta.dirname, '../golden/adapters/loha.safetensors');
const MANIFEST = {
  id: 'nine',
  name: 'Nine',
  base: 'other',
  defaults: { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm' },
  sizes: [64],
  upscalers: { '2': 'upscaler_2x' },
  alphaHead: 'alpha-head',
};

const named = (name: string) => goldenPictures.cases.find((known) => known.name === name)!;

/** How an engine has the device. */
type OnDevice = Pick<EngineRunnerOptions, 'device' | 'forms' | 'numberType'>;

export class DevicePictures {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'fourstep-device-'));
  readonly #device: Runner;
  readonly #processor: Runner;

  constructor(onDevice: OnDevice) {
    const options = {
      ...writeGoldenModels(this.#folder),
      readMask: async (_: string, __: string, { width, height }: { readonly width: number; readonly height: number }) =>
        Uint8Array.from({ length: width * height }, (___, i) => (i % width > width / 3 ? 1 : 0)),
    };
    this.#device = createEngineRunner({ ...options, ...onDevice });
    this.#processor = createEngineRunner(options);
  }

  /** Several in a call, one of them from a picture, as diffusers draws them. */
  async inCompany(): Promise<number> {
    const cases = ['sd15-lcm-2', 'sd15-img2img'].map(named);
    const drawn = await Promise.all(cases.map((known) => drawAll(this.#device, goldenRequest(this.#folder, known))));
    const expected = await Promise.all(cases.map(expectedPictures));
    return Math.max(...cases.map((_, k) => largestDifference(drawn[k]?.[0], expected[k]?.[0])));
  }

  /**
   * A part drawn anew by a model that sees the mask, with alpha; in one step; a part drawn anew by an ordinary model in a
   * style that is merged; enlarged.
   */
  async ofOtherKinds(): Promise<number> {
    const nine = path.join(this.#folder, 'nine');
    writeTinyModel('sd15', nine, { unet: { in_channels: 9 } });
    writeTinyUpscaler(path.join(nine, 'upscaler_2x'));
    writeTinyAlphaHead(path.join(nine, 'alpha-head'));
    writeFileSync(path.join(nine, 'fourstep.json'), JSON.stringify(MANIFEST));
    const styled = goldenRequest(this.#folder, named('sd15-img2img'));
    const anew = { ...styled, mask: { file: 'made up' } };
    const requests = [
      { ...anew, model: 'nine', alpha: true },
      { ...styled, init: undefined, steps: 1, recipe: samplingOf('one-step') },
      { ...anew, styles: [{ id: 'loha', file: MERGED_STYLE, weight: 1 }] },
    ];
    const works: readonly Work[] = [
      ...requests.map((request) => ({ kind: 'imagine', id: request.prompt, request, previewAfter: [] }) as const),
      { kind: 'upscale', id: 'larger', request: { model: 'nine', file: 'made up', scale: 2 } },
    ];
    const differences: number[] = [];
    for (const work of works) {
      const [actual, expected] = [await lastPicture(this.#device, work), await lastPicture(this.#processor, work)];
      differences.push(largestDifference(actual, expected), alphaDifference(actual, expected));
    }
    return Math.max(...differences);
  }

  async close(): Promise<void> {
    await this.#device.close(1000);
    await this.#processor.close(1000);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function lastPicture(runner: Runner, work: Work): Promise<Picture | undefined> {
  let picture: Picture | undefined;
  for await (const event of runner.run(work, new AbortController().signal)) {
    picture = event.kind === 'picture' ? event.picture : picture;
  }
  return picture;
}

/** Infinite where one of them alone has it. */
function alphaDifference(a: Picture | undefined, b: Picture | undefined): number {
  if (a?.alpha === undefined || b?.alpha === undefined) {
    return a?.alpha === b?.alpha ? 0 : Number.POSITIVE_INFINITY;
  }
  return a.alpha.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.alpha?.[i] ?? 0))), 0);
}
