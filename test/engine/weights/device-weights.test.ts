/** What a graphics card is given of a checkpoint: halves, and kernels with their channels last. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { prepareForDevice } from '../../../src/engine/weights/device-weights.ts';
import type { TensorSource } from '../../../src/engine/weights/tensor-source.ts';
import { writeTensors } from '../../support/safetensors-file.ts';

let folder = '';
let source: TensorSource;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-device-'));
  source = writeTensors(path.join(folder, 'weights.safetensors'), [
    { name: 'a.weight', shape: [2, 2, 1, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) },
    { name: 'a.bias', shape: [2], data: Float32Array.of(0.1, -2) },
    { name: 'huge', shape: [1], data: Float32Array.of(1e6) },
  ]);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('weights of a device', () => {
  it('are halves where they are wider, but for what no half can hold', async () => {
    const made = await prepareForDevice(source, { dtype: 'f16', transposed: [], cacheDir: folder });
    expect(made.get('a.bias')?.dtype).toBe('F16');
    expect([...(await made.readFloats('a.bias'))]).toEqual([0.0999755859375, -2]);
    expect(made.get('huge')?.dtype).toBe('F32');
  });

  it('have kernels with channels last beside the checkpoint’s own', async () => {
    const made = await prepareForDevice(source, { dtype: 'f32', transposed: ['a'], cacheDir: folder });
    expect(made.get('a.weight_channels_last')?.shape).toEqual([2, 1, 3, 2]);
    expect([...(await made.readFloats('a.weight_channels_last'))]).toEqual([1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12]);
    expect(made.get('a.weight')).toEqual(source.get('a.weight'));
  });

  it('are made once', async () => {
    const wanted = { dtype: 'f16', transposed: ['a'], cacheDir: folder } as const;
    const [first, second] = [await prepareForDevice(source, wanted), await prepareForDevice(source, wanted)];
    expect(second.get('a.bias')).toEqual(first.get('a.bias'));
  });
});
