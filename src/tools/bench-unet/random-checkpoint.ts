/**
 * A safetensors file of a net's true size with random weights: what a benchmark needs of a model that is not at hand.
 * Values are uniform with the variance 1/fan-in, cut from one block of noise; norms are near one. Speed only, no picture.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Graph } from '../../engine/onnx/index.ts';
import { writeSafetensors } from '../../engine/weights/index.ts';

const BLOCK = 1 << 20;

/** Writes every tensor that the graph asks of its checkpoint. Returns the number of parameters. */
export async function writeRandomCheckpoint(
  file: string,
  tensors: readonly { readonly name: string; readonly shape: readonly number[] }[],
): Promise<number> {
  const noise = uniformNoise(BLOCK);
  const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);
  await writeSafetensors(
    file,
    tensors.map(({ name, shape }) => ({
      name,
      dtype: 'F32',
      shape,
      parts: async function* parts() {
        const isNorm = shape.length === 1 && name.endsWith('weight');
        const scale = shape.length === 1 ? 0.02 : Math.sqrt(3 / sizeOf(shape.slice(1)));
        const scaled = noise.map((value) => value * scale + (isNorm ? 1 : 0));
        for (let left = sizeOf(shape); left > 0; left -= BLOCK) {
          const part = scaled.subarray(0, Math.min(left, BLOCK));
          yield new Uint8Array(part.buffer, 0, part.byteLength);
        }
      },
    })),
  );
  return tensors.reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/** A part of a model's folder (`unet`, `vae`, …): its config, and a file of all that the graphs ask for, each once. */
export async function writeRandomPart(
  model: string,
  part: string,
  config: Readonly<Record<string, unknown>>,
  graphs: readonly Graph[],
): Promise<void> {
  const file = part.startsWith('text') ? 'model.safetensors' : 'diffusion_pytorch_model.safetensors';
  await mkdir(join(model, part), { recursive: true });
  await writeFile(join(model, part, 'config.json'), JSON.stringify(config));
  const tensors = new Map(graphs.flatMap(checkpointTensors).map((tensor) => [tensor.name, tensor]));
  await writeRandomCheckpoint(join(model, part, file), [...tensors.values()]);
}

/**
 * The tensors that a graph built over no weights asks of its checkpoint, each once. Parts of a tensor (`name[0:320]`) are
 * joined again; a 1×1 kernel may come out as a matrix, which readers take for the same.
 */
export function checkpointTensors(
  graph: Graph,
): readonly { readonly name: string; readonly shape: readonly number[] }[] {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape, data } of graph.initializers) {
    if (data.kind !== 'external') {
      continue;
    }
    const [, plain = name, end] = /^([^[]+)(?:\[\d+:(\d+)\])?/.exec(name) ?? [];
    const rows = Math.max(end === undefined ? (shape[0] ?? 1) : Number(end), shapes.get(plain)?.[0] ?? 0);
    shapes.set(plain, [rows, ...shape.slice(1)]);
  }
  return [...shapes].map(([name, shape]) => ({ name, shape }));
}

/** -1 … 1, always the same. */
function uniformNoise(length: number): Float32Array<ArrayBuffer> {
  let state = 0x9e3779b9;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state | 0) / 2 ** 31;
  });
}
