/** Kernels and scales of layers that stay in bytes, read back as the numbers that they stand for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { BYTES, byteTensors, OUTPUTS_AT_ONCE, type ByteLayers } from '../../../src/engine/weights/byte-layers.ts';
import { openSafetensors, type TensorSource } from '../../../src/engine/weights/index.ts';
import { Scratch } from './scratch.ts';

/** a and b are added; what comes out of b goes into c. */
const LAYERS: ByteLayers = {
  points: [
    { name: 'a', group: 'a', isRectified: true },
    { name: 'b', group: 'a', isRectified: false, addedTo: 'a' },
  ],
  convolutions: [
    { path: 'b', hasBias: true, x: 'a', y: 'b' },
    { path: 'c', hasBias: false, x: 'b', y: undefined },
  ],
};
const RANGES = new Map([
  ['a', { least: Float32Array.of(-9, 0), greatest: Float32Array.of(4, 1) }],
  ['b', { least: Float32Array.of(-100, -1), greatest: Float32Array.of(2, 0.5) }],
]);
const W = [0.5, -0.25, 0.125, 1];

let scratch: Scratch;
let source: TensorSource;
beforeAll(async () => {
  scratch = await Scratch.make();
  const file = await scratch.floats('weights.safetensors', {
    'b.weight': { shape: [2, 2, 1, 1], values: W },
    'b.bias': { shape: [2], values: [0.3, -0.6] },
    'c.weight': { shape: [1, 2, 1, 1], values: [0, 0] },
  });
  ({ tensors: source } = await openSafetensors(file));
});
afterAll(() => scratch.remove());

async function made(): Promise<
  ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>
> {
  const tensors = await byteTensors(source, LAYERS, RANGES);
  const read = { F32: Float32Array, I32: Int32Array, I8: Int8Array, U8: Uint8Array } as const;
  const entries = tensors.map(async ({ name, dtype, shape, parts }) => {
    const chunks: Uint8Array[] = [];
    for await (const part of parts()) {
      chunks.push(part.slice());
    }
    const bytes = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    if (dtype !== 'F32' && dtype !== 'I32' && dtype !== 'I8' && dtype !== 'U8') {
      throw new Error(`unexpected ${dtype}`);
    }
    return [name, { shape, data: [...new read[dtype](bytes.buffer)] }] as const;
  });
  return new Map(await Promise.all(entries));
}

describe('Layers in bytes', () => {
  it('stand for the weights, channels evened out alike where pictures are added', async () => {
    const tensors = await made();
    const [scale = 0] = tensors.get(`a.${BYTES.scale}`)?.data ?? [];
    const evening = tensors.get(`a.${BYTES.channelScales}`)?.data.map((each) => each / scale) ?? [];
    expect(evening[0]).toBeGreaterThan(evening[1] ?? 0);
    const [other = 0] = tensors.get(`b.${BYTES.scale}`)?.data ?? [];
    expect(tensors.get(`b.${BYTES.channelScales}`)?.data[0]).toBeCloseTo((evening[0] ?? 0) * other, 6);
    const [kernel, scales, bias] = [BYTES.kernel, BYTES.kernelScale, BYTES.bias].map(
      (which) => tensors.get(`b.${which}`)?.data ?? [],
    );
    for (const [at, value] of W.entries()) {
      const [output, input] = [Math.floor(at / 2), at % 2];
      const stands = ((kernel?.[at] ?? 0) * (scales?.[output] ?? 0) * (evening[output] ?? 0)) / (evening[input] ?? 1);
      expect(Math.abs(stands - value)).toBeLessThan(0.02);
    }
    const stands = [0, 1].map((o) => (bias?.[o] ?? 0) * scale * (scales?.[o] ?? 0) * (evening[o] ?? 0));
    expect(stands[0]).toBeCloseTo(0.3, 2);
    expect(stands[1]).toBeCloseTo(-0.6, 2);
  });

  it('lose nothing that a ReLU keeps: what is rectified begins at 0, what is added goes as far down as takes it there', async () => {
    const tensors = await made();
    const of = (name: string) => tensors.get(name)?.data[0] ?? Number.NaN;
    expect(of(`a.${BYTES.zeroPoint}`)).toBe(0);
    const reach = of(`b.${BYTES.scale}`) * of(`b.${BYTES.zeroPoint}`);
    expect(reach / (255 * of(`a.${BYTES.scale}`))).toBeCloseTo(1, 1);
  });

  it('have outputs filled with zeros, and a scale where all are zeros', async () => {
    const tensors = await made();
    expect(tensors.get(`c.${BYTES.kernel}`)?.shape).toEqual([OUTPUTS_AT_ONCE, 2, 1, 1]);
    expect(tensors.get(`c.${BYTES.kernel}`)?.data.every((value) => value === 0)).toBe(true);
    expect(tensors.get(`c.${BYTES.kernelScale}`)?.data.every((value) => value === 1)).toBe(true);
  });
});
