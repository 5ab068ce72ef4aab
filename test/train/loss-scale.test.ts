/** Learning in halves: what overflows is left out and counts less, what a checkpoint keeps of it, and what stays in fp32. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { gradients } from '../../src/engine/onnx/gradients/index.ts';
import { Cast, GraphBuilder, Mul, ReduceSum, Reshape, Transpose } from '../../src/engine/onnx/index.ts';
import { resumeCheckpoint, saveCheckpoint } from '../../src/train/checkpoint.ts';
import { LossScale } from '../../src/train/loss-scale.ts';
import { Trainer, type TrainingRow } from '../../src/train/trainer.ts';

const [NAME, VALUE] = ['a.lora_down', 10];
/** Each has a gradient of 2 · VALUE where the loss counts once: 81920 for 4096, more than halves reach. */
const ROW: TrainingRow = { sample: Float32Array.of(1, 1), weight: Float32Array.of(1) };

async function trainerIn(dtype: 'f32' | 'f16'): Promise<Trainer> {
  const graph = new GraphBuilder('step');
  const [sample, down] = [graph.input('sample', 'f32', [1, 2]), graph.input(NAME, 'f32', [1, 1])];
  // What only moves elements a processor does in halves too; sums it does in fp32.
  const y = Cast(Transpose(Mul(Cast(sample, dtype), Cast(down, dtype)), [1, 0]), 'f32');
  const sum = ReduceSum(Mul(Mul(y, y), graph.input('weight', 'f32', [1, 1])), [0, 1]);
  graph.output('loss', Reshape(sum, [1], [1]));
  return Trainer.open({
    step: { graph: gradients(graph.finish(), 'loss', [NAME]), learnt: [NAME], scalesLoss: dtype === 'f16' },
    seed: 0,
    maxGradientNorm: 1e9,
    averageDecay: 0.9,
    beginnings: new Map([[NAME, Float32Array.of(VALUE)]]),
    startup: 'fast',
    threads: 1,
  });
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fourstep-scale-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('learning in halves', () => {
  it('leaves out what overflows, scales it by half, and tells loss and gradient as they are', async () => {
    const trainer = await trainerIn('f16');
    const [parameter] = trainer.parameters;
    const over = await trainer.update([ROW], { step: 1, rate: 0.1 });
    expect(over).toEqual({ loss: 2 * VALUE ** 2, gradientNorm: Number.POSITIVE_INFINITY });
    expect(parameter!.values[0]).toBe(VALUE);
    expect(trainer.lossScale!.factor).toBe(2 ** 11);
    const within = await trainer.update([ROW, ROW], { step: 2, rate: 0.1 });
    expect(within).toEqual({ loss: 2 * VALUE ** 2, gradientNorm: 4 * VALUE });
    expect(parameter!.values[0]).toBeLessThan(VALUE);
    await trainer.release();
  });

  it('goes on from a checkpoint with the factor it had, and from one without', async () => {
    const file = path.join(folder, 'checkpoint');
    const [whole, single, resumed] = await Promise.all((['f16', 'f32', 'f16'] as const).map(trainerIn));
    await whole!.update([ROW], { step: 1, rate: 0.1 });
    await saveCheckpoint(file, whole!, 'run', 1);
    expect(await resumeCheckpoint(file, resumed!, 'run')).toBe(1);
    expect(resumed!.lossScale!.state).toEqual({ factor: 2 ** 11, good: 0 });
    for (const step of [2, 3]) {
      await whole!.update([ROW], { step, rate: 0.1 });
      await resumed!.update([ROW], { step, rate: 0.1 });
    }
    expect(resumed!.parameters[0]!.values).toEqual(whole!.parameters[0]!.values);
    expect(await resumeCheckpoint(file, single!, 'run')).toBe(1);
    await saveCheckpoint(file, single!, 'run', 1);
    expect((await readFile(file, 'latin1')).includes('lossScale')).toBe(false);
    expect(await resumeCheckpoint(file, resumed!, 'run')).toBe(1);
    expect(resumed!.lossScale!.state).toEqual({ factor: 2 ** 11, good: 2 });
    await Promise.all([whole, single, resumed].map((trainer) => trainer!.release()));
  });

  it('counts more again after many updates, never more than fp32 bears nor less than once', () => {
    const scale = new LossScale();
    const many = (count: number, isFinite: boolean) => Array.from({ length: count }, () => scale.seen(isFinite));
    many(199, true);
    expect(scale.factor).toBe(2 ** 12);
    scale.seen(true);
    expect(scale.factor).toBe(2 ** 13);
    many(199, true);
    scale.seen(false);
    many(199, true);
    expect(scale.factor).toBe(2 ** 12);
    many(100, false);
    expect(scale.factor).toBe(1);
    many(200 * 30, true);
    expect(scale.factor).toBe(2 ** 24);
  });
});

it('leaves the loss as it is in fp32', async () => {
  const trainer = await trainerIn('f32');
  expect(trainer.lossScale).toBeUndefined();
  expect(await trainer.update([ROW], { step: 1, rate: 0.1 })).toEqual({
    loss: 2 * VALUE ** 2,
    gradientNorm: 4 * VALUE,
  });
  await trainer.release();
});
