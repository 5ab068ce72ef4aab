/**
 * `fourstep bench beside`: drawing while a style is learnt on the same device. Pictures always waiting: how much longer they
 * take and what share of the device learning had; one picture at a time: how long it waits for the device. Both as the bot
 * runs them, in a device's child process.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../../config/load.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { BenchBesideOptions, Streams } from '../adapters/cli/actions.ts';
import { defaultRequest } from '../core/default-request.ts';
import { CancelledError } from '../core/errors.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { Runner } from '../core/work.ts';
import { encodePng } from '../image/index.ts';
import { openCatalog } from '../start/open-engine.ts';
import { openLocalRunners } from '../start/runners.ts';

const LEARNT_FROM = 5;
/** More than are made while this measures. */
const STEPS = 100_000;

export async function run(
  config: Config,
  { pictures, json }: BenchBesideOptions,
  { print, warn }: Streams,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-beside-'));
  const [device = 'cpu'] = config.devices;
  const { runner } = await openLocalRunners({ ...config, dataFolder: folder }, [device], () => undefined);
  try {
    const manifest = await describeModel(await openCatalog(folder).find(config.model));
    const bench = new Beside(runner, manifest, folder);
    await bench.drawMany(2);
    warn('drawing alone …');
    const alone = [await bench.drawMany(pictures), await bench.drawMany(pictures)];
    const aloneWaits = await bench.waits(pictures);
    warn('drawing while a style is learnt …');
    await bench.learn();
    const before = bench.learningMs;
    const beside = [await bench.drawMany(pictures), await bench.drawMany(pictures)];
    const share = (bench.learningMs - before) / beside.reduce((sum, ms) => sum + ms, 0);
    const besideWaits = await bench.waits(pictures);
    await bench.stop();
    const figures = {
      model: manifest.id,
      pictures,
      secondsAlone: Math.min(...alone) / 1000,
      secondsBeside: Math.min(...beside) / 1000,
      longer: Math.min(...beside) / Math.min(...alone) - 1,
      learningShare: share,
      waitMs: { alone: Math.max(...aloneWaits), beside: Math.max(...besideWaits), learningStep: bench.longestStepMs },
    };
    print(json === true ? JSON.stringify(figures) : render(figures));
  } finally {
    await runner.close(0);
    await rm(folder, { recursive: true, force: true });
  }
}

/** One device with pictures and a style on it. */
class Beside {
  readonly #runner: Runner;
  readonly #manifest: ModelManifest;
  readonly #folder: string;
  readonly #stop = new AbortController();
  #learning: Promise<void> = Promise.resolve();
  #count = 0;
  #steps = 0;
  /** How long the device has worked on the style. */
  learningMs = 0;
  longestStepMs = 0;

  constructor(runner: Runner, manifest: ModelManifest, folder: string) {
    this.#runner = runner;
    this.#manifest = manifest;
    this.#folder = folder;
  }

  /** Milliseconds for so many, two at a time: one always waits. */
  async drawMany(count: number): Promise<number> {
    const startedAt = performance.now();
    let left = count;
    const one = async (): Promise<void> => {
      for (; left > 0;) {
        left -= 1;
        await this.#draw();
      }
    };
    await Promise.all([one(), one()]);
    return performance.now() - startedAt;
  }

  /** Milliseconds from asking for one picture to its first step, of so many asked for one after another. */
  async waits(count: number): Promise<readonly number[]> {
    const waits: number[] = [];
    for (let k = 0; k < count; k++) {
      waits.push(await this.#draw());
    }
    return waits;
  }

  /** Resolves when the style's first steps are done. */
  async learn(): Promise<void> {
    const pictures = await this.#pictures();
    const { width, height } = this.#manifest.defaults;
    const request = {
      model: this.#manifest.id,
      fingerprint: undefined,
      title: 'bench',
      trigger: '',
      pictures,
      width,
      height,
      seed: 1,
      steps: STEPS,
      rounds: 1,
      date: '2026-01-31',
    };
    await new Promise<void>((resolve, reject) => {
      const learning = async (): Promise<void> => {
        for await (const event of this.#runner.run({ kind: 'train', id: 'bench', request }, this.#stop.signal)) {
          if (event.kind === 'learning') {
            this.#steps += 1;
            this.longestStepMs = Math.max(this.longestStepMs, this.#steps > 1 ? event.deviceMs - this.learningMs : 0);
            this.learningMs = event.deviceMs;
            if (this.#steps === 3) {
              resolve();
            }
          }
        }
      };
      this.#learning = learning().catch((error: unknown) => {
        if (!(error instanceof CancelledError)) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#learning;
  }

  async #draw(): Promise<number> {
    this.#count += 1;
    const request = defaultRequest(this.#manifest, 'a red fox', { seed: this.#count });
    const startedAt = performance.now();
    let waitedMs = Number.NaN;
    const work = { kind: 'imagine', id: `bench-${this.#count}`, request, previewAfter: [] } as const;
    for await (const event of this.#runner.run(work, new AbortController().signal)) {
      if (event.kind === 'step' && Number.isNaN(waitedMs)) {
        waitedMs = performance.now() - startedAt;
      }
    }
    return waitedMs;
  }

  async #pictures(): Promise<{ readonly file: string; readonly caption: string }[]> {
    await mkdir(join(this.#folder, 'pictures'), { recursive: true });
    const { width, height } = this.#manifest.defaults;
    return Promise.all(
      Array.from({ length: LEARNT_FROM }, async (_, k) => {
        const data = Uint8Array.from({ length: 3 * width * height }, (__, i) => (i * (k + 3)) % 256);
        const file = join(this.#folder, 'pictures', `${k}.png`);
        await writeFile(file, (await encodePng({ width, height, data })).data);
        return { file, caption: `a fox ${k}` };
      }),
    );
  }
}

function render(figures: {
  readonly model: string;
  readonly pictures: number;
  readonly secondsAlone: number;
  readonly secondsBeside: number;
  readonly longer: number;
  readonly learningShare: number;
  readonly waitMs: { readonly alone: number; readonly beside: number; readonly learningStep: number };
}): string {
  const { model, pictures, secondsAlone, secondsBeside, longer, learningShare, waitMs } = figures;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return [
    `${model}: ${pictures} pictures, one always waiting: ${secondsAlone.toFixed(2)} s alone, ${secondsBeside.toFixed(2)} s while a style is learnt (${percent(longer)} longer; learning had ${percent(learningShare)} of the device)`,
    `first step of a picture asked for alone, at most: ${waitMs.alone.toFixed(0)} ms, while a style is learnt ${waitMs.beside.toFixed(0)} ms; the longest step of learning took ${waitMs.learningStep.toFixed(0)} ms`,
  ].join('\n');
}
