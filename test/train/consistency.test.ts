/** The arithmetic of consistency distillation, against its definitions and the samplers that draw. */
import { expect, it } from 'vitest';

import { parseSchedulerConfig } from '../../src/engine/sampling/index.ts';
import { boundary, consistent, guidedStep, originalFrom, studentError } from '../../src/train/consistency.ts';
import { NoiseSchedule } from '../../src/train/noising.ts';
import { seededNormals } from '../support/random-weights.ts';

const schedules = (['epsilon', 'v_prediction', 'sample'] as const).map(
  (prediction_type) => new NoiseSchedule(parseSchedulerConfig({ prediction_type }, 'a test')),
);
const clean = seededNormals('clean', 64);
const noise = seededNormals('noise', 64);
const close = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

it('asks for the picture itself at the end, and for what the net says far from it', () => {
  expect(boundary(0, 10)).toEqual([1, 0]);
  const [skip, out] = boundary(999, 10);
  expect(skip).toBeLessThan(1e-8);
  expect(out).toBeCloseTo(1, 8);
});

it.each(schedules)('finds the picture and the later noise from a right prediction: $prediction', (schedule) => {
  const { noisy, target } = schedule.noised(clean, noise, 599);
  const { ofSample, ofPrediction } = originalFrom(schedule, 599);
  const original = noisy.map((value, i) => ofSample * value + ofPrediction * target[i]!);
  expect(close(original, clean)).toBeLessThan(1e-5);
  // DDIM with the true prediction goes to the same picture with the same noise, whatever the guidance.
  const given = { x: noisy, conditional: target, unconditional: target, from: 599, to: 579, guidance: 2 };
  expect(close(guidedStep(schedule, given), schedule.noised(clean, noise, 579).noisy)).toBeLessThan(1e-5);
});

it.each(schedules)('guides beyond the conditional prediction: $prediction', (schedule) => {
  const { noisy, target } = schedule.noised(clean, noise, 599);
  const other = target.map((value) => value - 0.1);
  const beyond = target.map((value) => value + 0.2);
  const plain = { x: noisy, unconditional: beyond, conditional: beyond, from: 599, to: 579, guidance: 0 };
  const guided = guidedStep(schedule, { ...plain, conditional: target, unconditional: other, guidance: 2 });
  expect(close(guided, guidedStep(schedule, plain))).toBeLessThan(1e-5);
});

it.each(schedules)('says how far off a student is as a line in what it predicts: $prediction', (schedule) => {
  const { noisy, target } = schedule.noised(clean, noise, 299);
  const at = { x: noisy, timestep: 299, timestepScaling: 10 };
  const goal = seededNormals('goal', 64);
  const { factor, offset } = studentError(schedule, at, goal);
  const said = consistent(schedule, at, target);
  const error = target.map((value, i) => factor * value + offset[i]!);
  expect(
    close(
      error,
      said.map((value, i) => value - goal[i]!),
    ),
  ).toBeLessThan(1e-5);
});

it('counts rows by min-SNR, as a factor of the error of what is predicted', () => {
  const weights = (timestep: number) => schedules.map((schedule) => schedule.minSnrWeight(timestep, 5));
  const snr = (timestep: number) => {
    const alphaBar = schedules[0]!.alphaBar[timestep]!;
    return alphaBar / (1 - alphaBar);
  };
  const [early, late] = [snr(10), snr(990)];
  expect(early).toBeGreaterThan(5);
  expect(weights(10)).toEqual([5 / early, 5 / (early + 1), 5]);
  expect(weights(990)).toEqual([1, late / (late + 1), late]);
});
