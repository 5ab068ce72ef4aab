/**
 * Styles of random numbers for a UNet that is measured: LoRA files on the disk, opened, matched and packed by the very
 * code that draws with real ones. Knows no session.
 */
import { join } from 'node:path';

import type { SessionOpener } from '../../engine/model/session-opener.ts';
import { StyleInputs } from '../../engine/model/style-inputs.ts';
import { targetsOf } from '../../engine/model/style-set.ts';
import type { Layer, NetWeights, StyleForm } from '../../engine/nets/index.ts';
import type { Feeds } from '../../engine/ort/index.ts';
import { LoraCache, writeSafetensors } from '../../engine/weights/index.ts';

/** Every matrix of the transformers, which is what trainers change unless told otherwise: 192 in SD 1.5. */
const VARIANT = 'transformers';
const SWITCHES = 20;
const KEPT_BYTES = 512 * 2 ** 20;

export type SwitchTimes = {
  /** Median, between two styles that are loaded. */
  readonly warmMs: number;
  /** A style that nobody has used yet: read, matched, laid out, merged. */
  readonly firstMs: number;
  /** Of that, what a style costs again whose merged weights have made room for others. */
  readonly mergeMs: number;
};

export class RandomStyles {
  readonly #folder: string;
  readonly #targets: readonly Layer[];
  readonly #cache: LoraCache;
  readonly #inputs: StyleInputs;

  /** `targets`: all of the UNet's, by the lowering that it is built with. */
  constructor(folder: string, targets: readonly Layer[], weights: NetWeights, open: SessionOpener) {
    this.#folder = folder;
    this.#targets = targetsOf(VARIANT, targets);
    this.#cache = new LoraCache({ base: 'other', targets: { unet: targets } }, KEPT_BYTES);
    this.#inputs = new StyleInputs(() => targets, weights, open);
  }

  /** What to build the UNet with: all rows in one style. */
  get form(): StyleForm {
    return this.#inputs.form(VARIANT, 'shared');
  }

  /** Writes a style; `feed` takes its name. */
  write(name: string, rank: number): Promise<void> {
    return writeRandomStyle(this.#file(name), this.#targets, rank);
  }

  /** The inputs of a call in this style, as a drawing gets them. */
  async feeds(name: string): Promise<Feeds> {
    const { nets } = await this.#cache.load(this.#file(name));
    // Half weight: the usual style is scaled, and scaling is part of what it costs.
    return this.#inputs.feeds([{ key: name, loras: [{ lora: nets.unet, weight: 0.5 }] }], VARIANT, 'shared');
  }

  /** All must be written and none used before. */
  async timeSwitches(first: string, second: string, third: string): Promise<SwitchTimes> {
    const timed = async (name: string): Promise<number> => {
      const startedAt = performance.now();
      await this.feeds(name);
      return performance.now() - startedAt;
    };
    const firstMs = await timed(first);
    await this.#cache.load(this.#file(third));
    const mergeMs = await timed(third);
    await timed(second);
    const warm: number[] = [];
    for (let turn = 0; turn < SWITCHES; turn += 1) {
      warm.push(await timed(turn % 2 === 0 ? first : second));
    }
    return { firstMs, mergeMs, warmMs: warm.toSorted((a, b) => a - b)[SWITCHES / 2] ?? Number.NaN };
  }

  release(): Promise<void> {
    return this.#inputs.release();
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.safetensors`);
  }
}

/** A LoRA file in kohya's spelling, of other numbers for each `seed`. */
export async function writeRandomStyle(file: string, targets: readonly Layer[], rank: number, seed = 0): Promise<void> {
  const matrices = targets.flatMap(({ module, inFeatures, outFeatures }) => {
    const key = `lora_unet_${module.replaceAll('.', '_')}`;
    return [
      { name: `${key}.lora_down.weight`, shape: [rank, inFeatures] },
      { name: `${key}.lora_up.weight`, shape: [outFeatures, rank] },
    ];
  });
  await writeSafetensors(
    file,
    matrices.map((matrix) => ({
      ...matrix,
      dtype: 'F32',
      parts: async function* parts() {
        const length = matrix.shape.reduce((product, side) => product * side, 1);
        yield new Uint8Array(Float32Array.from({ length }, (_, index) => Math.sin(index + seed) / 100).buffer);
      },
    })),
  );
}
