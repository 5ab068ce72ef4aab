import { describe, expect, it } from 'vitest';

import { startupThatFits, weightBytes } from '../../../src/engine/model/session-opener.ts';
import { GraphBuilder } from '../../../src/engine/onnx/index.ts';

const GB = 1e9;

describe('A session for throughput', () => {
  it('packs its weights where as much memory again stays free', () => {
    expect(startupThatFits('throughput', 3.4 * GB, 7 * GB)).toBe('throughput');
  });

  it('leaves them in their files where packing would crowd the machine', () => {
    expect(startupThatFits('throughput', 10.3 * GB, 12 * GB)).toBe('fast');
  });

  it('is not made of one that is to start fast', () => {
    expect(startupThatFits('fast', 0, 12 * GB)).toBe('fast');
  });

  it('counts what lies in files, not what the graph carries itself', () => {
    const graph = new GraphBuilder('test');
    const place = { kind: 'external', location: '/weights', offset: 8, length: 48 } as const;
    graph.initializer('w', 'f32', [3, 4], place);
    graph.floats('b', new Float32Array(4), [4]);
    expect(weightBytes(graph.finish())).toBe(48);
  });
});
