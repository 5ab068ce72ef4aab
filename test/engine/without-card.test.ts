/**
 * A card's way to a picture without the card: the whole engine as it is on CUDA (channels last, one of five row counts a call,
 * halves or not) and in halves on WebGPU, which no software driver has, with the operators that only CUDA has spelt out for
 * the processor, which opens every session instead. Holds graphs, weights and rows; the kernels a device tries for itself when
 * it is opened.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Runner } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import type * as onnxModule from '../../src/engine/onnx/index.ts';
import type * as ortModule from '../../src/engine/ort/index.ts';
import { DevicePictures } from '../support/device-pictures.ts';
import {
  drawAll,
  expectedPictures,
  goldenPictures,
  goldenRequest,
  largestDifference,
  writeGoldenModels,
} from '../support/golden-pictures.ts';
import { speltOut } from '../support/spelt-out.ts';

vi.mock('../../src/engine/onnx/index.ts', async (original) => {
  const onnx = await original<typeof onnxModule>();
  const serialize: typeof onnx.serialize = (graph, options) => onnx.serialize(speltOut(graph), options);
  return { ...onnx, serialize };
});

vi.mock('../../src/engine/ort/index.ts', async (original) => {
  const ort = await original<typeof ortModule>();
  // Without the memory that the device has, in which a style would stay.
  const create: typeof ort.Session.create = (model, options) => {
    const { memory: _, ...others } = { ...options };
    return ort.Session.create(model, { ...others, device: { kind: 'cpu' } });
  };
  return { ...ort, requireDevice: () => Promise.resolve(), Session: { create } };
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-card-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CUDA = { device: { kind: 'cuda', deviceId: 0 }, attention: 'fused', channels: 'last' } as const;
const WEBGPU = { device: { kind: 'webgpu' }, attention: 'decomposed', channels: 'first' } as const;

describe.each([
  { ...CUDA, numberType: 'f32', tolerance: 2 },
  { ...CUDA, numberType: 'f16', tolerance: 8 },
  { ...WEBGPU, numberType: 'f16', tolerance: 8 },
] as const)('a picture of $device.kind in $numberType', ({ device, numberType, attention, channels, tolerance }) => {
  const onDevice = { device, forms: { numberType, attention, layout: 'NCHW', channels } } as const;
  let runner: Runner;
  beforeAll(() => {
    runner = createEngineRunner({ ...writeGoldenModels(folder), ...onDevice });
  });
  afterAll(() => runner.close(1000));

  it.each(goldenPictures.cases)('is that of diffusers: $name', async (golden) => {
    const pictures = await drawAll(runner, goldenRequest(folder, golden));
    expect(pictures).toHaveLength(golden.files.length);
    for (const [k, expected] of (await expectedPictures(golden)).entries()) {
      expect(largestDifference(pictures[k], expected)).toBeLessThanOrEqual(tolerance);
    }
  });

  it('is that of a processor where it is masked, transparent, in one step, of merged weights, or enlarged', async () => {
    const pictures = new DevicePictures(onDevice);
    expect(await pictures.ofOtherKinds()).toBeLessThanOrEqual(tolerance);
    await pictures.close();
  });
});
