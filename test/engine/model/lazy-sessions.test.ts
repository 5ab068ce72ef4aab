import { describe, expect, it } from 'vitest';

import { LazySessions } from '../../../src/engine/model/lazy-sessions.ts';
import { sessionOpener, type OpenGraph } from '../../../src/engine/model/session-opener.ts';
import { Add, GraphBuilder, type Graph } from '../../../src/engine/onnx/index.ts';

const OPEN = sessionOpener({
  device: { kind: 'cpu' },
  numberType: 'f32',
  attention: 'fused',
  startup: 'fast',
  threads: 1,
});

function build(): Graph {
  const graph = new GraphBuilder('adder');
  graph.output('sum', Add(graph.input('x', 'f32', [1]), graph.floats('w', Float32Array.of(1), [1])));
  return graph.finish();
}

/** Refuses to open until it has been asked so often. */
function failing(times: number): OpenGraph {
  let left = times;
  return (graph) => (left-- > 0 ? Promise.reject(new Error('no room')) : OPEN(graph));
}

describe('LazySessions', () => {
  it('opens each name once, however many ask for it', async () => {
    const sessions = new LazySessions(OPEN);
    const [one, two] = await Promise.all([sessions.get('a', build), sessions.get('a', build)]);
    expect(two).toBe(one);
    expect(await sessions.get('b', build)).not.toBe(one);
    await sessions.release();
  });

  it('tries again after an opening that failed', async () => {
    const sessions = new LazySessions(failing(1));
    await expect(sessions.get('a', build)).rejects.toThrow('no room');
    const session = await sessions.get('a', build);
    expect(session.inputNames).toEqual(['x']);
    await sessions.release();
  });

  it('releases what is open beside what did not open', async () => {
    const sessions = new LazySessions(failing(1));
    const failed = sessions.get('a', build);
    const open = await sessions.get('b', build);
    const released = sessions.release();
    await expect(failed).rejects.toThrow('no room');
    await expect(released).resolves.toBeUndefined();
    await expect(open.run({ x: { data: Float32Array.of(1), shape: [1] } })).rejects.toThrow('released');
  });
});
