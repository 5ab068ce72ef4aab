/** A hundred steps of training against peft and torch's AdamW (test/golden/make_training.py). */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { expect, it } from 'vitest';

import { buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig, unetLoraTargets } from '../../src/engine/nets/index.ts';
import { parseSchedulerConfig } from '../../src/engine/sampling/index.ts';
import { NoiseSchedule } from '../../src/train/noising.ts';
import { buildStepGraph } from '../../src/train/step-graph.ts';
import { Trainer, type TrainingRow } from '../../src/train/trainer.ts';
import { goldenConfig, randomSource } from '../support/net-case.ts';
import { seededNormals } from '../support/random-weights.ts';

const [RANK, ROWS, SIDE] = [4, 2, 8];
const LATENTS = 4 * SIDE * SIDE;
const WORDS = 77 * 32;
const schedulerJson: unknown = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../golden/configs/sd15/scheduler/scheduler_config.json'), 'utf8'),
);
const golden: readonly number[] = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../golden/training/losses.json'), 'utf8'),
);

function rowsOf(schedule: NoiseSchedule, step: number): readonly TrainingRow[] {
  const [latents, noise, words] = ['latents', 'noise', 'words'].map((name) =>
    seededNormals(`training/${step}/${name}`, ROWS * (name === 'words' ? WORDS : LATENTS)),
  );
  return Array.from({ length: ROWS }, (_, row) => {
    const timestep = (((999 - 37 * (2 * step + row)) % 1000) + 1000) % 1000;
    const part = (values: Float32Array, length: number) => values.subarray(row * length, (row + 1) * length);
    const { noisy, target } = schedule.noised(part(latents!, LATENTS), part(noise!, LATENTS), timestep);
    return {
      sample: noisy,
      timestep: Float32Array.of(timestep),
      encoder_hidden_states: part(words!, WORDS),
      factor: Float32Array.of(1),
      offset: target.map((value) => -value),
      weight: Float32Array.of(1),
    };
  });
}

/** [r, in], as peft has it, to [in, r]. */
function begin(values: Float32Array, module: string, inFeatures: number): void {
  const drawn = seededNormals(`training/${module}`, values.length);
  for (let r = 0; r < RANK; r++) {
    for (let i = 0; i < inFeatures; i++) {
      values[i * RANK + r] = drawn[r * inFeatures + i]! / Math.sqrt(inFeatures);
    }
  }
}

it.each([ROWS, 1])('follows the loss of peft for a hundred steps, %i rows a call', async (rowsPerCall) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fourstep-trainer-'));
  const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
  const lowering = loweringFor({ provider: 'cpu' });
  const weights = randomSource(folder, 'unet', buildUNet(config, NO_WEIGHTS, { lowering }));
  const targets = unetLoraTargets(config).filter(({ module }) => /\.to_(q|k|v|out\.0)$/.test(module));
  const schedule = new NoiseSchedule(parseSchedulerConfig(schedulerJson, 'sd15'));
  const trainer = await Trainer.open({
    step: buildStepGraph({
      unet: { config, weights, targets },
      text: [],
      lengths: { rows: rowsPerCall, height: SIDE, width: SIDE, tokens: 77, rank: RANK },
      loss: { kind: 'squared' },
      lowering,
    }),
    seed: 0,
    maxGradientNorm: 1,
    averageDecay: 0.99,
    betas: [0.9, 0.99],
    weightDecay: 0.01,
    startup: 'fast',
    threads: 1,
  });
  try {
    for (const { name, shape, values } of trainer.parameters) {
      if (name.endsWith('.lora_down')) {
        begin(values, name.replace('.lora_down', ''), shape[0]!);
      }
    }
    const losses: number[] = [];
    for (let step = 1; step <= golden.length; step++) {
      losses.push((await trainer.update(rowsOf(schedule, step), { step, rate: 2e-3 })).loss);
    }
    // What rounding makes of a hundred updates: 1e-3 is allowed, relative to the loss.
    const worst = Math.max(...losses.map((loss, k) => Math.abs(loss / golden[k]! - 1)));
    expect(worst).toBeLessThan(1e-3);
  } finally {
    await trainer.release();
    await rm(folder, { recursive: true });
  }
});
