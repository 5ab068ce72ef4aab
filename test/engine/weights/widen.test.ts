import { appendFile, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openSafetensors, widen, type TensorSource } from '../../../src/engine/weights/index.ts';
import { Scratch } from './scratch.ts';

let scratch: Scratch;
let cacheDir: string;
beforeEach(async () => {
  scratch = await Scratch.make();
  cacheDir = scratch.path('cache');
});
afterEach(() => scratch.remove());

/** Halves by their bits, a bf16 tensor by its bits, and an fp32 one. */
async function mixed(halves: readonly number[], bfloats: readonly number[] = [0x3f80]): Promise<TensorSource> {
  const words = Uint16Array.from([...halves, ...bfloats]);
  const data = new Uint8Array([...new Uint8Array(words.buffer), ...new Uint8Array(Float32Array.of(0.1).buffer)]);
  const [a, b] = [2 * halves.length, 2 * words.length];
  const file = await scratch.raw(
    'model.safetensors',
    {
      half: { dtype: 'F16', shape: [halves.length], data_offsets: [0, a] },
      brain: { dtype: 'BF16', shape: [bfloats.length], data_offsets: [a, b] },
      full: { dtype: 'F32', shape: [1], data_offsets: [b, b + 4] },
    },
    data,
  );
  return (await openSafetensors(file)).tensors;
}

async function cached(): Promise<readonly string[]> {
  return readdir(scratch.path('.fourstep')).catch(() => []);
}

describe('widening half-precision weights', () => {
  it('gives every kind of half exactly: normal, subnormal, signed zero, the largest', async () => {
    const source = await mixed([0x3c00, 0xc000, 0x3555, 0x0001, 0x83ff, 0x8000, 0x7bff], [0x3f80, 0xc049, 0x0001]);
    const wide = await widen(source, cacheDir);
    expect(Array.from(await wide.readFloats('half'))).toEqual([
      1,
      -2,
      0.333251953125,
      2 ** -24,
      -1023 * 2 ** -24,
      -0,
      65504,
    ]);
    expect(Array.from(await wide.readFloats('brain'))).toEqual([1, -3.140625, 2 ** -133]);
    expect(wide.get('half')).toMatchObject({ dtype: 'F32', shape: [7], length: 28 });
  });

  it('leaves fp32 tensors where they are, and a source without halves as it is', async () => {
    const source = await mixed([0x3c00]);
    const wide = await widen(source, cacheDir);
    expect(wide.get('full')).toEqual(source.get('full'));
    expect(wide.names).toEqual(source.names);
    expect(await widen(wide, cacheDir)).toBe(wide);
  });

  it('writes once, beside the model, and finds that file again', async () => {
    await widen(await mixed([0x3c00]), cacheDir);
    const [name, ...others] = await cached();
    expect(name).toMatch(/^model\.fp32\.[0-9a-f]{16}\.safetensors$/);
    expect(others).toEqual([]);
    const { ino } = await stat(scratch.path('.fourstep', name ?? ''));
    await widen((await openSafetensors(scratch.path('model.safetensors'))).tensors, cacheDir);
    expect((await stat(scratch.path('.fourstep', name ?? ''))).ino).toBe(ino);
  });

  it('writes anew when the model has changed', async () => {
    await widen(await mixed([0x3c00]), cacheDir);
    const source = await mixed([0x4000]);
    await utimes(scratch.path('model.safetensors'), 1, 1);
    expect(Array.from(await (await widen(source, cacheDir)).readFloats('half'))).toEqual([2]);
    expect((await cached()).length).toBe(2);
  });

  it('writes anew when the cached file is damaged', async () => {
    const source = await mixed([0x3c00]);
    await widen(source, cacheDir);
    const [name = ''] = await cached();
    await appendFile(scratch.path('.fourstep', name), 'more');
    expect(Array.from(await (await widen(source, cacheDir)).readFloats('half'))).toEqual([1]);
  });

  it('goes to the given folder where the model’s cannot be written', async () => {
    const source = await mixed([0x3c00]);
    await writeFile(scratch.path('.fourstep'), 'a file where the folder would be');
    const wide = await widen(source, cacheDir);
    expect(path.dirname(wide.get('half')?.file ?? '')).toBe(cacheDir);
  });

  it('is one file and equal for all when several begin at once', async () => {
    const source = await mixed(Array.from({ length: 1000 }, (_, i) => i));
    const all = await Promise.all(Array.from({ length: 4 }, () => widen(source, cacheDir)));
    const values = await Promise.all(all.map((wide) => wide.readFloats('half')));
    values.forEach((value) => expect(value).toEqual(values[0]));
    expect((await cached()).length).toBe(1);
  });

  it.each([
    { what: 'NaN', halves: [0x3c00, 0x7e00], bfloats: [0] },
    { what: 'infinity', halves: [0xfc00], bfloats: [0] },
    { what: 'NaN in bf16', halves: [0], bfloats: [0x7fc0] },
  ])('refuses $what and leaves no file', async ({ halves, bfloats }) => {
    const source = await mixed(halves, bfloats);
    await expect(widen(source, cacheDir)).rejects.toMatchObject({ name: 'UserError', code: 'weights.nan' });
    expect(await cached()).toEqual([]);
  });

  it('reads a tensor that changes under it as truncated, not as zeros', async () => {
    const source = await mixed([0x3c00, 0x3c00]);
    const bytes = await readFile(scratch.path('model.safetensors'));
    await writeFile(scratch.path('model.safetensors'), bytes.subarray(0, bytes.length - 7));
    await expect(widen(source, cacheDir)).rejects.toMatchObject({ code: 'weights.truncated' });
  });
});

describe('fp32 weights', () => {
  it('are refused where they are read, when they hold infinity', async () => {
    const file = await scratch.floats('full.safetensors', { bad: { shape: [1], values: [Infinity] } });
    await expect((await openSafetensors(file)).tensors.readFloats('bad')).rejects.toMatchObject({
      code: 'weights.nan',
    });
  });

  it('are refused under a name that is not there', async () => {
    const { tensors } = await openSafetensors(await scratch.floats('full.safetensors', {}));
    await expect(tensors.readFloats('a')).rejects.toMatchObject({ code: 'weights.tensor', params: { tensor: 'a' } });
  });

  it('are no integers', async () => {
    const header = {
      a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] },
    };
    const { tensors } = await openSafetensors(await scratch.raw('types.safetensors', header, new Uint8Array(8)));
    await expect(tensors.readFloats('a')).rejects.toThrow(/"a" in "types\.safetensors" is I64/);
  });

  it.each([
    // As torch reads them: float8_e4m3fn and float8_e5m2.
    { dtype: 'F8_E4M3', bytes: [0x00, 0x01, 0x08, 0x38, 0x7e, 0xb9], values: [0, 2 ** -9, 2 ** -6, 1, 448, -1.125] },
    {
      dtype: 'F8_E5M2',
      bytes: [0x00, 0x01, 0x04, 0x3c, 0x7b, 0xbd],
      values: [0, 2 ** -16, 2 ** -14, 1, 57_344, -1.25],
    },
  ])('come out of 8-bit floats, $dtype', async ({ dtype, bytes, values }) => {
    const header = { a: { dtype, shape: [6], data_offsets: [0, 6] } };
    const { tensors } = await openSafetensors(await scratch.raw('bytes.safetensors', header, Uint8Array.from(bytes)));
    expect(Array.from(await tensors.readFloats('a'))).toEqual(values);
    expect(Array.from(await (await widen(tensors, cacheDir)).readFloats('a'))).toEqual(values);
  });
});

it('a model in a folder that vanished is refused with its path', async () => {
  await mkdir(scratch.path('gone'));
  const source = await mixed([0x3c00]);
  await rm(scratch.path('model.safetensors'));
  await expect(widen(source, cacheDir)).rejects.toMatchObject({ code: 'weights.missing' });
});
