/**
 * Random numbers of a training run: a stream for each purpose and step, all from one seed. What a step draws depends on
 * its number alone, so a run that is resumed there draws what it would have drawn, and no state need be kept.
 */
import { crc32 } from 'node:zlib';

import { TorchGenerator } from '../engine/sampling/index.ts';

export function streamOf(seed: number, purpose: string, step: number): TorchGenerator {
  return new TorchGenerator(crc32(`${seed} ${purpose} ${step}`));
}

/** 0 … count − 1 in random order. */
export function shuffled(generator: TorchGenerator, count: number): readonly number[] {
  const keys = generator.rand(count);
  return Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
}
