/** Latents of a folder as NumPy writes them, in halves and in fp32, and what is refused. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openLatentShards } from '../../src/train/latent-shards.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fourstep-latents-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** As numpy.save writes a file of version 1: magic, length of the header, header to a multiple of 64, numbers. */
function npy(descr: string, shape: readonly number[], data: Uint8Array): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11) + '\n';
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length % 256, header.length >> 8]);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), data]);
}

async function write(name: string, descr: string, data: Uint8Array, captions: readonly (readonly string[])[]) {
  await writeFile(path.join(folder, `${name}.npy`), npy(descr, [captions.length, 1, 2, 3], data));
  await writeFile(path.join(folder, `${name}.json`), JSON.stringify({ captions, kinds: [] }));
}

describe('latents that were encoded before', () => {
  it('are read channels first, from all files in their order, with all ways to say what they show', async () => {
    const numbers = Float32Array.from({ length: 12 }, (_, k) => k);
    await write('001', '<f4', new Uint8Array(numbers.buffer), [['a fox'], ['a cat', 'the cat']]);
    // 1, 2, −0.5, 0, 65504 and the least half.
    const halves = Uint16Array.of(0x3c00, 0x4000, 0xb800, 0, 0x7bff, 1);
    await write('000', '<f2', new Uint8Array(halves.buffer), [['a dog']]);
    const { rows, shape, digest, close } = await openLatentShards(folder);
    expect(shape).toEqual([3, 1, 2]);
    expect(rows.map(({ captions }) => captions)).toEqual([['a dog'], ['a fox'], ['a cat', 'the cat']]);
    expect([...rows[0]!.read()]).toEqual([1, 0, 2, 65504, -0.5, 2 ** -24]);
    expect([...rows[2]!.read()]).toEqual([6, 9, 7, 10, 8, 11]);
    close();
    const again = await openLatentShards(folder);
    expect(again.digest).toBe(digest);
    again.close();
  });

  it('are refused where there are none, captions do not fit, or the numbers are of another kind', async () => {
    await expect(openLatentShards(folder)).rejects.toThrow(/has none; encode the pictures again/);
    const numbers = new Uint8Array(6 * 8);
    await write('000', '<f8', numbers, [['a fox']]);
    await expect(openLatentShards(folder)).rejects.toThrow(/has another kind of file/);
    await write('000', '<f4', numbers, [['a fox']]);
    await writeFile(path.join(folder, '000.json'), JSON.stringify({ captions: [['a fox'], ['a cat']] }));
    await expect(openLatentShards(folder)).rejects.toThrow(/has 2 captions for 1 latents of 3 × 1 × 2/);
  });
});
