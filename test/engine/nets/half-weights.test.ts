/** Checkpoints in half precision on the CPU: read where they lie, widened by onnxruntime. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { buildNet, input, output } from '../../../src/engine/nets/building.ts';
import { loweringFor } from '../../../src/engine/nets/index.ts';
import { linear } from '../../../src/engine/nets/linear.ts';
import { WeightScope } from '../../../src/engine/nets/weight-scope.ts';
import { serialize } from '../../../src/engine/onnx/index.ts';
import { Session } from '../../../src/engine/ort/index.ts';
import type { Dtype, TensorInfo } from '../../../src/engine/weights/tensor-source.ts';

/** 0.5, −2, 1.25, 1 and 3, −1 */
const HALVES = {
  F16: [0x3800, 0xc000, 0x3d00, 0x3c00, 0x4200, 0xbc00],
  BF16: [0x3f00, 0xc000, 0x3fa0, 0x3f80, 0x4040, 0xbf80],
} as const;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-half-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(dtype: 'F16' | 'BF16', startup: 'fast' | 'throughput'): Promise<readonly number[]> {
  const file = path.join(folder, dtype);
  writeFileSync(file, new Uint8Array(Uint16Array.from(HALVES[dtype]).buffer));
  const tensor = (name: string, shape: readonly number[], offset: number, length: number): TensorInfo => ({
    name,
    dtype: dtype satisfies Dtype,
    shape,
    file,
    offset,
    length,
  });
  const tensors = [tensor('proj.weight', [2, 2], 0, 8), tensor('proj.bias', [2], 8, 4)];
  const weights = { origin: file, get: (name: string) => tensors.find((info) => info.name === name) };
  const graph = buildNet('half', weights, { lowering: loweringFor({ provider: 'cpu' }) }, (building) => {
    output(building, 'y', linear(new WeightScope(building).at('proj'), input(building, 'x', ['rows', 2]), 2));
  });
  const session = await Session.create(serialize(graph), { threads: 1, startup });
  const { y } = await session.run({ x: { data: Float32Array.of(1, 10), shape: [1, 2] } });
  await session.release();
  return [...(y?.data ?? [])];
}

describe('weights in half precision', () => {
  it.each([
    ['F16', 'throughput'],
    ['F16', 'fast'],
    ['BF16', 'throughput'],
    ['BF16', 'fast'],
  ] as const)('%s are computed with in fp32 (%s start)', async (dtype, startup) => {
    // 0.5 − 20 + 3 and 1.25 + 10 − 1
    expect(await run(dtype, startup)).toEqual([-16.5, 10.25]);
  });
});
