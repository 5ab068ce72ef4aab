/**
 * Latents that were encoded before: NNN.npy, float16 or float32 [N, H, W, C], beside NNN.json whose `captions` have for each
 * of them some ways to say what it shows. Read one by one as they are asked for: a set may be larger than memory.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { UserError } from '../core/errors.ts';
import { widenInto } from '../engine/weights/dtype.ts';

export type Latents = {
  /** Channels first, as a UNet takes them. */
  readonly read: () => Float32Array;
  readonly captions: readonly string[];
};

export type LatentShards = {
  readonly rows: readonly Latents[];
  readonly shape: readonly [channels: number, height: number, width: number];
  /** Names the files and what they hold. */
  readonly digest: string;
  readonly close: () => void;
};

type Header = { readonly offset: number; readonly bytes: 2 | 4; readonly shape: readonly number[] };

/** Throws `UserError` `train.latents`. */
export async function openLatentShards(folder: string): Promise<LatentShards> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.npy')).toSorted();
  const files: number[] = [];
  const rows: Latents[] = [];
  const hash = createHash('sha256');
  let shape: LatentShards['shape'] | undefined;
  for (const name of names) {
    const file = openSync(path.join(folder, name), 'r');
    files.push(file);
    const header = headerOf(file, path.join(folder, name));
    const [count = 0, height = 0, width = 0, channels = 0] = header.shape;
    shape ??= [channels, height, width];
    const captions = captionsOf(path.join(folder, name.replace(/\.npy$/, '.json')));
    if (captions.length !== count || shape.join() !== [channels, height, width].join()) {
      throw unfit(
        path.join(folder, name),
        `${captions.length} captions for ${count} latents of ${channels} × ${height} × ${width}`,
      );
    }
    hash.update(JSON.stringify([name, header.shape, captions]));
    for (const [k, said] of captions.entries()) {
      rows.push({ captions: said, read: () => readRow(file, header, k) });
    }
  }
  if (shape === undefined || rows.length === 0) {
    throw unfit(folder, 'none');
  }
  return { rows, shape, digest: hash.digest('hex'), close: () => files.forEach((file) => closeSync(file)) };
}

const captionFile = z.object({ captions: z.array(z.array(z.string()).min(1)) });

function captionsOf(file: string): readonly (readonly string[])[] {
  try {
    return captionFile.parse(JSON.parse(readFileSync(file, 'utf8'))).captions;
  } catch (cause) {
    throw unfit(file, cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause));
  }
}

function headerOf(file: number, name: string): Header {
  const start = Buffer.alloc(512);
  readSync(file, start, 0, start.length, 0);
  const isLong = start[6] !== 1;
  const length = isLong ? start.readUInt32LE(8) : start.readUInt16LE(8);
  const offset = (isLong ? 12 : 10) + length;
  const text = start.toString('latin1', 0, offset);
  const [, bytes] = /'descr': '<f([24])'/.exec(text) ?? [];
  const [, sides = ''] = /'fortran_order': False, 'shape': \(([\d, ]+)\)/.exec(text) ?? [];
  const shape = sides.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]));
  if (!text.startsWith('\u0093NUMPY') || bytes === undefined || shape.length !== 4) {
    throw unfit(name, 'another kind of file');
  }
  return { offset, bytes: bytes === '2' ? 2 : 4, shape };
}

/** [H, W, C] → [C, H, W] */
function readRow(file: number, { offset, bytes, shape }: Header, row: number): Float32Array {
  const [, height = 0, width = 0, channels = 0] = shape;
  const area = height * width;
  const raw = new Uint8Array(area * channels * bytes);
  readSync(file, raw, 0, raw.length, offset + row * raw.length);
  const values = new Float32Array(area * channels);
  widenInto(bytes === 4 ? 'F32' : 'F16', raw, values);
  const turned = new Float32Array(values.length);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      turned[channel * area + pixel] = values[pixel * channels + channel] ?? 0;
    }
  }
  return turned;
}

function unfit(file: string, found: string): UserError {
  return new UserError(
    'train.latents',
    `Expected a folder of NNN.npy, float16 or float32 [N, H, W, C], each beside NNN.json with captions, but ${file} has ${found}; encode the pictures again.`,
    { params: { file, found } },
  );
}
