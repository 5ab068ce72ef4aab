/** The small decoder in bytes beside the same in float, over random weights; and where it is not taken. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Picture } from '../../../src/core/picture.ts';
import { Autoencoder } from '../../../src/engine/model/autoencoder.ts';
import { drawnShapes } from '../../../src/engine/model/drawn-shapes.ts';
import { openNet, type NetFiles } from '../../../src/engine/model/model-files.ts';
import { sessionOpener, type PrecisePlace } from '../../../src/engine/model/session-opener.ts';
import { eightBitInstructions } from '../../../src/engine/ort/index.ts';
import { TorchGenerator } from '../../../src/engine/sampling/index.ts';
import { renamed } from '../../../src/engine/weights/index.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';

const OPEN = sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', startup: 'throughput', threads: 1 });
const WIDE = { encoder_block_out_channels: [64, 64], decoder_block_out_channels: [64, 64] };
/** Measured: 51. */
const LEAST_DB = 45;

const SIDE = 144;

let folder = '';
let files: NetFiles;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-tiny-bytes-'));
  files = await written('wide', WIDE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, changes: Readonly<Record<string, unknown>>): Promise<NetFiles> {
  writeTinyModel('taesd', path.join(folder, name), {
    vae: { num_encoder_blocks: [1, 1], num_decoder_blocks: [1, 1], ...changes },
  });
  return openNet(path.join(folder, name), 'vae');
}

function open(
  precision: 'fp32' | 'int8',
  given: NetFiles = files,
  place: Partial<PrecisePlace> = {},
): Promise<Autoencoder> {
  return Autoencoder.open(given, { open: OPEN, cacheDir: folder, precision, ...place });
}

/** Whether it reads bytes that were made. */
const isInBytes = ({ weights }: Autoencoder): boolean => weights.names.some((name) => name.includes('.u8'));

function decibels(a: Picture | undefined, b: Picture | undefined): number {
  const square = a?.data.reduce((sum, value, i) => sum + (value - (b?.data[i] ?? Number.NaN)) ** 2, 0) ?? Number.NaN;
  return 10 * Math.log10((255 ** 2 * (a?.data.length ?? 0)) / square);
}

/** Of a picture of shapes, cut to size. */
async function latentsOf(vae: Autoencoder, seed: number, height: number, width: number): Promise<Float32Array> {
  const { data } = drawnShapes(seed, SIDE);
  const [rows, columns] = [2 * height, 2 * width];
  const cut = Uint8Array.from({ length: 3 * rows * columns }, (_, i) => {
    const [p, c] = [Math.floor(i / 3), i % 3];
    return data[3 * (Math.floor(p / columns) * SIDE + (p % columns)) + c] ?? 0;
  });
  return (await vae.encode({ width: columns, height: rows, data: cut }))(new TorchGenerator(1));
}

describe.skipIf(eightBitInstructions() === undefined)('The small decoder in bytes', () => {
  it.each([
    [40, 72],
    [7, 11],
  ])('gives nearly what it gives in float, at %i × %i latents', async (height, width) => {
    const [exact, near] = [await open('fp32'), await open('int8')];
    expect([isInBytes(exact), isInBytes(near)]).toEqual([false, true]);
    const size = { channels: 4, height, width };
    const latents = await latentsOf(exact, 9, height, width);
    expect(await latentsOf(near, 9, height, width)).toEqual(latents);
    const [[expected], [actual]] = [await exact.decode([latents], size), await near.decode([latents], size)];
    expect(actual).toMatchObject({ width: 2 * width, height: 2 * height });
    expect(decibels(actual, expected)).toBeGreaterThan(LEAST_DB);
    await Promise.all([exact.release(), near.release()]);
  });

  it('decodes several as each alone, and previews likewise', async () => {
    const vae = await open('int8');
    const size = { channels: 4, height: 8, width: 12 };
    const latents = [await latentsOf(vae, 5, 8, 12), await latentsOf(vae, 6, 8, 12)];
    const together = await vae.decode(latents, size);
    const alone = [await vae.decode(latents.slice(0, 1), size), await vae.decode(latents.slice(1), size)].flat();
    expect(together).toEqual(alone);
    expect(await vae.preview(latents[0]!, size, 8 * 12)).toEqual(alone[0]);
    expect(vae.pictureMemory(size).bytes).toBeGreaterThan(0);
    await vae.release();
  });

  it('is made once: opened anew it gives the same, from one file', async () => {
    const size = { channels: 4, height: 8, width: 8 };
    const first = await open('int8');
    const latents = await latentsOf(first, 7, 8, 8);
    const before = await first.decode([latents], size);
    await first.release();
    const again = await open('int8');
    expect(await again.decode([latents], size)).toEqual(before);
    await again.release();
    const made = readdirSync(path.join(folder, 'wide', 'vae', '.fourstep')).filter((name) => name.includes('.int8.'));
    expect(made).toHaveLength(1);
  });

  it('is left in float where it is narrow, doubles nothing, comes without encoder or is no processor’s', async () => {
    const narrow = await written('narrow', { decoder_block_out_channels: [48, 48] });
    const flat = await written('flat', { decoder_block_out_channels: [64], encoder_block_out_channels: [64] });
    const weights = renamed('decoder', files.weights, (name) => (name.startsWith('decoder.') ? name : undefined));
    const webgpu = Object.assign((...given: Parameters<typeof OPEN>) => OPEN(...given), OPEN, {
      target: { ...OPEN.target, provider: 'webgpu' } as const,
    });
    const opened = [
      await open('int8', narrow),
      await open('int8', flat),
      await open('int8', { ...files, weights }),
      await open('int8', files, { open: webgpu }),
    ];
    expect(opened.map(isInBytes)).toEqual([false, false, false, false]);
    await Promise.all(opened.map((vae) => vae.release()));
  });
});
