/**
 * A tiny random net, built and run: config from test/golden/configs, weights from their names, inputs likewise.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { serialize, type Graph } from '../../src/engine/onnx/index.ts';
import { Session, type Device, type FloatTensor, type Feeds } from '../../src/engine/ort/index.ts';
import { NO_WEIGHTS, type NetWeights } from '../../src/engine/nets/index.ts';
import { openSafetensors, type TensorSource } from '../../src/engine/weights/index.ts';
import { checkLengths } from './graph-lengths.ts';
import { randomWeight, seededNormals } from './random-weights.ts';
import { writeTensors } from './safetensors-file.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden');

export function goldenConfig(model: string, part: string): unknown {
  return JSON.parse(readFileSync(path.join(GOLDEN, 'configs', model, part, 'config.json'), 'utf8'));
}

/** An input of `shape`, as make_nets.py draws it. */
export function given(key: string, ...shape: readonly number[]): FloatTensor {
  return {
    data: seededNormals(
      `input/${key}`,
      shape.reduce((a, b) => a * b, 1),
    ),
    shape,
  };
}

export function floats(values: readonly number[], shape: readonly number[] = [values.length]): FloatTensor {
  return { data: Float32Array.from(values), shape };
}

export async function goldens(): Promise<(name: string) => Promise<Float32Array>> {
  const file = await openSafetensors(path.join(GOLDEN, 'nets/nets.safetensors'));
  return (name) => file.tensors.readFloats(name);
}

/** Builds with random weights of the component in `folder`, runs once, cleans up. */
export async function runNet(
  folder: string,
  build: (weights: NetWeights) => Graph,
  feeds: Feeds,
  device?: Device,
): Promise<Readonly<Record<string, FloatTensor>>> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fourstep-net-'));
  try {
    return await runGraph(build(randomSource(directory, folder, build(NO_WEIGHTS))), feeds, device);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Random weights for a graph that was built over none, in a file in `directory`. */
export function randomSource(directory: string, folder: string, graph: Graph): TensorSource {
  const tensors = [...weightShapes(graph)].map(([name, shape]) => ({ name, shape, data: drawn(folder, name, shape) }));
  return writeTensors(path.join(directory, 'weights.safetensors'), tensors);
}

export async function runGraph(
  graph: Graph,
  feeds: Feeds,
  device: Device = { kind: 'cpu' },
): Promise<Readonly<Record<string, FloatTensor>>> {
  if (device.kind === 'cpu') {
    await checkLengths(graph, feeds);
  }
  const session = await Session.create(serialize(graph), { threads: 1, device });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Of a graph with one output. */
export async function outputOf(graph: Graph, feeds: Feeds, device?: Device): Promise<Float32Array> {
  const [output] = Object.values(await runGraph(graph, feeds, device));
  if (output === undefined) {
    throw new Error('Expected a graph with an output.');
  }
  return output.data;
}

/** Drawing takes longer than running: what one test drew serves the next. */
const memory = new Map<string, Float32Array<ArrayBuffer>>();

function drawn(folder: string, name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const key = `${folder}/${name} ${shape.join('x')}`;
  const data = memory.get(key) ?? randomWeight(folder, name, shape);
  memory.set(key, data);
  return data;
}

/** Names and shapes of the checkpoint that a graph wants: parts and views of a tensor are one. */
export function weightShapes(graph: Graph): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape, data } of graph.initializers) {
    if (data.kind === 'external') {
      const [, full = name, end] = /^(.*?)(?:\[\d+:(\d+)\])?$/.exec(name) ?? [];
      const known = shapes.get(full)?.[0] ?? 0;
      const rows = Math.max(known, end === undefined ? (shape[0] ?? 1) : Number(end));
      const last = shape.findLastIndex((dim, k) => k === 0 || dim !== 1);
      shapes.set(full, [rows, ...shape.slice(1, last + 1)]);
    }
  }
  return shapes;
}

/** ‖a − b‖ / ‖b‖ */
export function relativeL2(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    throw new Error(`Expected ${b.length} numbers, got ${a.length}.`);
  }
  let difference = 0;
  let norm = 0;
  for (const [i, expected] of b.entries()) {
    difference += ((a[i] ?? Number.NaN) - expected) ** 2;
    norm += expected ** 2;
  }
  return Math.sqrt(difference / norm);
}
