/** Sessions on the CPU, and what is said of devices that are not there. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Add, Cast, Gather, GraphBuilder, MatMul, serialize } from '../../../src/engine/onnx/index.ts';
import { listProviders, requireDevice, Session, type Device } from '../../../src/engine/ort/index.ts';

function adder(): Uint8Array {
  const graph = new GraphBuilder('adder');
  const x = graph.input('x', 'f32', ['rows', 2]);
  graph.output('sum', Add(x, graph.floats('w', Float32Array.of(1, 2), [2])));
  return serialize(graph.finish()).bytes;
}

describe('Session', () => {
  it('runs with any number of rows and gives outputs by name', async () => {
    const session = await Session.create({ bytes: adder(), folder: undefined });
    expect(session.inputNames).toEqual(['x']);
    const one = await session.run({ x: { data: Float32Array.of(10, 20), shape: [1, 2] } });
    const two = await session.run({ x: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] } });
    await session.release();
    expect(one).toEqual({ sum: { data: Float32Array.of(11, 22), shape: [1, 2] } });
    expect(two).toEqual({ sum: { data: Float32Array.of(2, 4, 4, 6), shape: [2, 2] } });
  });

  it('takes halves where the graph does, whatever class of array the runtime keeps them in', async () => {
    const graph = new GraphBuilder('wide');
    graph.output('y', Cast(graph.input('x', 'f16', ['n']), 'f32'));
    const session = await Session.create(serialize(graph.finish()), { threads: 1 });
    const { y } = await session.run({ x: { data: Uint16Array.of(0x3c00, 0xc000, 0x3800), shape: [3] } });
    await session.release();
    expect(y).toEqual({ data: Float32Array.of(1, -2, 0.5), shape: [3] });
  });

  it('takes ids as 64-bit integers', async () => {
    const graph = new GraphBuilder('table');
    graph.output(
      'row',
      Gather(graph.floats('table', Float32Array.of(0, 0, 1, 1, 2, 2), [3, 2]), graph.input('ids', 'i64', ['n'])),
    );
    const session = await Session.create(serialize(graph.finish()), { threads: 1 });
    const { row } = await session.run({ ids: { data: BigInt64Array.of(2n, 0n), shape: [2] } });
    await session.release();
    expect(row).toEqual({ data: Float32Array.of(2, 2, 0, 0), shape: [2, 2] });
  });

  it('writes outputs where it is told to, and leaves no copy of them behind', async () => {
    const count = 2 ** 22;
    const graph = new GraphBuilder('large');
    const x = graph.input('x', 'f32', ['n']);
    graph.output('two', Add(x, x));
    graph.output('three', Add(x, Add(x, x)));
    const session = await Session.create(serialize(graph.finish()), { threads: 1 });
    const one = { x: { data: new Float32Array(count).fill(1), shape: [count] } };
    const into = { two: { data: new Float32Array(count), shape: [count] } };
    const before = process.memoryUsage().arrayBuffers;
    const results = await session.run(one, 'other', into);
    const after = process.memoryUsage().arrayBuffers;
    await session.release();
    expect(results['two']).toBe(into.two);
    expect(into.two.data.every((value) => value === 2)).toBe(true);
    expect(results['three']?.data.every((value) => value === 3)).toBe(true);
    // The one that was not told where, and not much besides.
    expect(after - before).toBeLessThan(1.5 * into.two.data.byteLength);
  });

  it('refuses to run once released, and is released once', async () => {
    const session = await Session.create({ bytes: adder(), folder: undefined });
    await session.release();
    await session.release();
    await expect(session.run({ x: { data: Float32Array.of(1, 2), shape: [1, 2] } })).rejects.toThrow('released');
  });

  it('leaves the processor to others once a call has ended', async () => {
    const side = 512;
    const square = { data: new Float32Array(side * side), shape: [side, side] };
    const graph = new GraphBuilder('product');
    graph.output('y', MatMul(graph.input('x', 'f32', [side, side]), graph.floats('w', square.data, square.shape)));
    const session = await Session.create(serialize(graph.finish()), { threads: 2 });
    const usedMs: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await session.run({ x: square });
      const before = process.cpuUsage();
      await sleep(100);
      const { user, system } = process.cpuUsage(before);
      usedMs.push((user + system) / 1000);
    }
    await session.release();
    // Left to itself, onnxruntime's second thread looks for work for 30-40 ms; now one. The test runner needs some too.
    expect(Math.min(...usedMs)).toBeLessThan(15);
  });

  it('loads onnxruntime with its telemetry off', async () => {
    await listProviders();
    expect(process.env['ORT_DISABLE_TELEMETRY']).toBe('1');
  });
});

describe('listProviders', () => {
  it('names no provider whose library was never fetched, though onnxruntime could use it', async () => {
    const packageFile = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
    const files = readdirSync(dirname(packageFile), { recursive: true }).map(String);
    const isFetched = files.some((file) => /onnxruntime_providers_cuda\.(so|dll)$/.test(file));
    expect((await listProviders()).includes('cuda')).toBe(isFetched);
  });
});

describe('requireDevice', () => {
  it('always finds the CPU', async () => {
    await expect(requireDevice({ kind: 'cpu' })).resolves.toBeUndefined();
  });

  it('refuses a device that is not there, saying how to get it', async () => {
    const present = await listProviders();
    const devices: readonly Device[] = [
      { kind: 'cuda', deviceId: 0 },
      { kind: 'dml', deviceId: 0 },
      { kind: 'coreml' },
    ];
    const missing = devices.filter(({ kind }) => !present.includes(kind));
    expect(missing).not.toEqual([]); // no machine has all three
    for (const device of missing) {
      await expect(requireDevice(device)).rejects.toMatchObject({
        code: 'device.missing',
        message: expect.stringMatching(new RegExp(`got ${device.kind}; it needs `)),
      });
    }
  });
});
