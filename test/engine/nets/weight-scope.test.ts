/** Names, shapes, views and parts of tensors as a net asks for them. */
import { describe, expect, it } from 'vitest';

import { GraphBuilder } from '../../../src/engine/onnx/index.ts';
import { NO_WEIGHTS, type Building } from '../../../src/engine/nets/building.ts';
import { loweringFor } from '../../../src/engine/nets/index.ts';
import { WeightScope } from '../../../src/engine/nets/weight-scope.ts';
import type { Dtype, TensorInfo } from '../../../src/engine/weights/tensor-source.ts';

const BYTES: Readonly<Partial<Record<Dtype, number>>> = { F32: 4, F16: 2, BF16: 2, I64: 8 };

function tensor(name: string, shape: readonly number[], dtype: Dtype = 'F32'): TensorInfo {
  return {
    name,
    dtype,
    shape,
    file: '/weights',
    offset: 1000,
    length: shape.reduce((a, b) => a * b, BYTES[dtype] ?? 1),
  };
}

function scopeOver(...tensors: readonly TensorInfo[]): WeightScope {
  const building: Building = {
    graph: new GraphBuilder('test'),
    source: { origin: 'test.safetensors', get: (name) => tensors.find((info) => info.name === name) },
    lowering: loweringFor({ provider: 'cpu' }),
    styles: { rows: 'each', beside: new Set(), merged: new Set() },
    sides: undefined,
    onLayer: () => {},
  };
  return new WeightScope(building);
}

describe('WeightScope', () => {
  it('declares a tensor where it lies, under its full name', () => {
    const scope = scopeOver(tensor('down_blocks.0.norm.weight', [8]));
    const value = scope.at('down_blocks', 0).at('norm').weight('weight', [8]);
    expect(value).toMatchObject({ name: 'down_blocks.0.norm.weight', dtype: 'f32', shape: [8] });
    expect(scope.building.graph.finish().initializers).toEqual([
      {
        name: 'down_blocks.0.norm.weight',
        dtype: 'f32',
        shape: [8],
        data: { kind: 'external', location: '/weights', offset: 1000, length: 32 },
      },
    ]);
  });

  it('views a 1×1 kernel as a matrix, a matrix as a kernel, and a vector as planes', () => {
    const scope = scopeOver(tensor('k', [8, 4, 1, 1]), tensor('m', [8, 4]), tensor('v', [8]));
    expect(scope.weight('k', [8, 4]).shape).toEqual([8, 4]);
    expect(scope.weight('m', [8, 4, 1, 1]).shape).toEqual([8, 4, 1, 1]);
    expect(scope.weight('v', [8, 1, 1]).shape).toEqual([8, 1, 1]);
    expect(scope.building.graph.finish().initializers.map((initializer) => initializer.name)).toEqual([
      'k[8, 4]',
      'm[8, 4, 1, 1]',
      'v[8, 1, 1]',
    ]);
  });

  it('takes rows of a tensor by their bytes', () => {
    const scope = scopeOver(tensor('w', [6, 5]));
    expect(scope.weightRows('w', [6, 5], 2, 3).shape).toEqual([3, 5]);
    expect(scope.building.graph.finish().initializers).toMatchObject([
      { name: 'w[2:5]', data: { offset: 1000 + 2 * 20, length: 60 } },
    ]);
  });

  it('casts half precision where the net computes in fp32', () => {
    const scope = scopeOver(tensor('h', [4], 'F16'), tensor('b', [4], 'BF16'));
    expect(scope.weight('h', [4]).dtype).toBe('f32');
    expect(scope.weight('b', [4]).dtype).toBe('f32');
    expect(scope.building.graph.finish().initializers.map((initializer) => initializer.dtype)).toEqual(['f16', 'bf16']);
  });

  it('finds a module under its older spelling, and keeps the new one for LoRAs', () => {
    const scope = scopeOver(tensor('attn.query.weight', [4, 4])).at('attn');
    expect(scope.withFallback('to_q', 'query')).toMatchObject({ path: 'attn.query', module: 'attn.to_q' });
    expect(scope.withFallback('to_k', 'key')).toMatchObject({ path: 'attn.to_k', module: 'attn.to_k' });
  });

  it('says which tensor is missing, of which shape, in which file', () => {
    const attempt = (): unknown => scopeOver().at('conv_in').weight('weight', [320, 4, 3, 3]);
    expect(attempt).toThrow(expect.objectContaining({ code: 'model.weights' }));
    expect(attempt).toThrow('Expected a tensor conv_in.weight [320, 4, 3, 3] in test.safetensors, found none');
  });

  it('says which shape and which type came instead', () => {
    expect(() => scopeOver(tensor('w', [8, 9, 3, 3])).weight('w', [8, 4, 3, 3])).toThrow(
      'to be [8, 4, 3, 3], got [8, 9, 3, 3]',
    );
    expect(() => scopeOver(tensor('w', [8], 'I64')).weight('w', [8])).toThrow('to be F32, F16 or BF16, got I64');
  });

  it('has every tensor where there are no weights', () => {
    const scope = new WeightScope({ ...scopeOver().building, source: NO_WEIGHTS });
    expect(scope.weight('anything', [3, 5]).shape).toEqual([3, 5]);
  });
});
