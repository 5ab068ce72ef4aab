/**
 * CUDA's way to a picture without a card: the whole engine as it is on that device (channels last, halves or not, one of five
 * row counts a call), with the operators that only CUDA has spelt out for the processor, which opens every session instead.
 * Holds graphs, weights and rows; the kernels a device tries for itself when it is opened.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Runner } from '../../../src/core/work.ts';
import { createEngineRunner } from '../../../src/engine/index.ts';
import type * as onnxModule from '../../../src/engine/onnx/index.ts';
import type * as ortModule from '../../../src/engine/ort/index.ts';
import { DevicePictures } from '../../support/device-pictures.ts';
import {
  drawAll,
  expectedPictures,
  goldenPictures,
  goldenRequest,
  largestDifference,
  writeGoldenModels,
} from '../../support/golden-pictures.ts';
import { speltOut } from '../../support/spelt-out.ts';

vi.mock('../../../src/engine/onnx/index.ts', async (original) => {
  const onnx = await original<typeof onnxModule>();
  const serialize: typeof onnx.serialize = (graph, options) => onnx.serialize(speltOut(graph), options);
  return { ...onnx, serialize };
});

vi.mock('../../../src/engine/ort/index.ts', async (original) => {
  const ort = await original<typeof ortModule>();
  const create: typeof ort.Session.create = (model, options) =>
    ort.Session.create(model, { ...options, device: { kind: 'cpu' } });
  return { ...ort, requireDevice: () => Promise.resolve(), Session: { create } };
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-cuda-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  { numberType: 'f32', tolerance: 2 },
  { numberType: 'f16', tolerance: 8 },
] as const)('a picture of CUDA in $numberType', ({ numberType, tolerance }) => {
  const onDevice = {
    device: { kind: 'cuda', deviceId: 0 },
    forms: { numberType, attention: 'fused', layout: 'NCHW', channels: 'last' },
  } as const;
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
