/** Weights are left in their files: what onnxruntime is told, and that it reads the right bytes. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Add, GraphBuilder, serialize, type Graph, type Value } from '../../../src/engine/onnx/index.ts';
import { Session } from '../../../src/engine/ort/index.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'fourstep-serialize-'));
  for (const name of ['blobs', 'links']) {
    mkdirSync(path.join(folder, name));
  }
  const floats = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  writeFileSync(path.join(folder, 'blobs/weights'), Buffer.concat([Buffer.from('abc'), floats]));
  symlinkSync('../blobs/weights', path.join(folder, 'links/model.safetensors'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** x + w for each file, w being three floats behind the third byte. */
function sums(files: readonly string[]): Graph {
  const graph = new GraphBuilder('sums');
  const x = graph.input('x', 'f32', [3]);
  for (const [k, location] of files.entries()) {
    graph.output(
      `y${k}`,
      Add(x, graph.initializer(`w${k}`, 'f32', [3], { kind: 'external', location, offset: 3, length: 12 })),
    );
  }
  return graph.finish();
}

describe('serialize', () => {
  it('points into a file at any byte, through symbolic links out of the folder', async () => {
    const model = serialize(sums([path.join(folder, 'links/model.safetensors')]));
    expect(model.folder).toBe(path.join(folder, 'blobs'));
    const session = await Session.create(model, { threads: 1 });
    const { y0 } = await session.run({ x: { data: Float32Array.of(10, 20, 30), shape: [3] } });
    await session.release();
    expect([...(y0?.data ?? [])]).toEqual([11, 22, 33]);
  });

  it('takes the deepest folder that holds all files', async () => {
    const [outer, inner] = [path.join(folder, 'base'), path.join(folder, 'blobs/weights')];
    writeFileSync(outer, Buffer.concat([Buffer.alloc(3), new Uint8Array(Float32Array.of(5, 5, 5).buffer)]));
    const model = serialize(sums([inner, outer]));
    expect(model.folder).toBe(folder);
    const session = await Session.create(model, { threads: 1, startup: 'fast' });
    const { y0, y1 } = await session.run({ x: { data: Float32Array.of(0, 0, 0), shape: [3] } });
    await session.release();
    expect([...(y0?.data ?? []), ...(y1?.data ?? [])]).toEqual([1, 2, 3, 5, 5, 5]);
  });

  it('gives the lengths between inputs and outputs their names, or others in each part of the net', async () => {
    const graph = new GraphBuilder('between');
    const added = Array.from({ length: 47 }).reduce<Value>(
      (x, _, k) => Add(x, graph.scalar(k)),
      graph.input('x', 'f32', ['length']),
    );
    graph.output('sum', added);
    const lengths = (reuse: 'everywhere' | 'nearby' | 'nowhere'): ReadonlySet<string> =>
      new Set(
        Buffer.from(serialize(graph.finish(), { reuse }).bytes)
          .toString('latin1')
          .match(/length(?: in \d+)?/gu),
      );
    expect(lengths('everywhere')).toEqual(new Set(['length']));
    expect(lengths('nearby')).toEqual(
      new Set(['length', ...Array.from({ length: 24 }, (_, part) => `length in ${part}`)]),
    );
    const size = (reuse: 'everywhere' | 'nowhere'): number => serialize(graph.finish(), { reuse }).bytes.length;
    expect(size('nowhere')).toBeLessThan(size('everywhere') - 46 * 'length'.length);
    for (const reuse of ['everywhere', 'nearby', 'nowhere'] as const) {
      const session = await Session.create(serialize(graph.finish(), { reuse }), { threads: 1 });
      const { sum } = await session.run({ x: { data: Float32Array.of(0.5, 1), shape: [2] } });
      await session.release();
      expect([...(sum?.data ?? [])]).toEqual([1081.5, 1082]);
    }
  });

  it('needs no folder where nothing lies in a file', () => {
    const graph = new GraphBuilder('constant');
    graph.output('y', Add(graph.input('x', 'f32', ['n']), graph.scalar(1)));
    expect(serialize(graph.finish()).folder).toBeUndefined();
  });
});
