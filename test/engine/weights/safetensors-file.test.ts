import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UserError } from '../../../src/core/errors.ts';
import { openSafetensors, writeSafetensors } from '../../../src/engine/weights/index.ts';
import { infosOf } from '../../../src/engine/weights/tensor-table.ts';
import { rawSafetensors, Scratch } from './scratch.ts';

let scratch: Scratch;
beforeAll(async () => {
  scratch = await Scratch.make();
});
afterAll(() => scratch.remove());

const f32 = (begin: number, end: number, shape: readonly number[] = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});
const DATA = new Uint8Array(16);

describe('a sound safetensors file', () => {
  it('gives its tensors’ places, types, shapes and metadata', async () => {
    const file = await scratch.raw(
      'sound.safetensors',
      { __metadata__: { format: 'pt' }, b: f32(8, 16, [2, 1]), a: f32(0, 8) },
      DATA,
    );
    const { tensors, metadata } = await openSafetensors(file);
    expect(metadata).toEqual(new Map([['format', 'pt']]));
    expect(tensors.names).toEqual(['b', 'a']);
    const dataOffset = (await readFile(file)).length - 16;
    expect(tensors.get('b')).toEqual({
      name: 'b',
      dtype: 'F32',
      shape: [2, 1],
      file,
      offset: dataOffset + 8,
      length: 8,
    });
  });

  it('may have spaces behind its header, escapes in names, scalars and tensors of no size', async () => {
    const header = `{ "a\\u0062\\"" : {"dtype":"F32", "shape":[],"data_offsets":[0,4]},\n"none":{"shape":[0,7],"data_offsets":[4,4],"dtype":"I64"} }   `;
    const { tensors } = await openSafetensors(await scratch.raw('spaces.safetensors', header, new Uint8Array(4)));
    expect(tensors.names).toEqual(['ab"', 'none']);
  });

  it('may be empty', async () => {
    expect((await openSafetensors(await scratch.raw('empty.safetensors', {}))).tensors.names).toEqual([]);
  });
});

describe('an unsound file is refused in one sentence', () => {
  it.each([
    { what: 'a tensor beyond the end', header: { a: f32(0, 20) }, code: 'weights.range' },
    {
      what: 'a tensor that ends before it begins',
      header: { a: { dtype: 'F32', shape: [0], data_offsets: [8, 4] } },
      code: 'weights.range',
    },
    { what: 'overlapping tensors', header: { a: f32(0, 12), b: f32(8, 16) }, code: 'weights.overlap' },
    { what: 'a hole between tensors', header: { a: f32(0, 4), b: f32(8, 16) }, code: 'weights.gap' },
    { what: 'bytes behind the last tensor', header: { a: f32(0, 12) }, code: 'weights.gap' },
    { what: 'a shape that needs other bytes', header: { a: f32(0, 16, [5]) }, code: 'weights.length' },
    { what: 'a shape beyond all numbers', header: { a: f32(0, 16, [2 ** 40, 2 ** 40, 0]) }, code: 'weights.length' },
    {
      what: 'more tensors than any model has',
      header: Object.fromEntries(Array.from({ length: 65_537 }, (_, k) => [`t${k}`, f32(0, 0, [0])])),
      code: 'weights.header',
    },
    {
      what: 'more notes than anybody writes',
      header: { __metadata__: Object.fromEntries(Array.from({ length: 4097 }, (_, k) => [`n${k}`, ''])) },
      code: 'weights.header',
    },
    { what: 'more sides than a tensor has', header: { a: f32(0, 4, Array(17).fill(1)) }, code: 'weights.header' },
    {
      what: 'an unknown number type',
      header: { a: { dtype: 'F12', shape: [4], data_offsets: [0, 16] } },
      code: 'weights.dtype',
    },
    {
      what: 'a name twice',
      header:
        '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
      code: 'weights.duplicate',
    },
    { what: 'metadata twice', header: '{"__metadata__":{},"__metadata__":{}}', code: 'weights.duplicate' },
    { what: 'metadata that is no text', header: { __metadata__: { a: 1 } }, code: 'weights.header' },
    {
      what: 'a negative offset',
      header: { a: { dtype: 'F32', shape: [4], data_offsets: [-16, 0] } },
      code: 'weights.header',
    },
    {
      what: 'a fraction for an offset',
      header: '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1.6e1]}}',
      code: 'weights.header',
    },
    {
      what: 'an offset beyond all numbers',
      header: '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}}',
      code: 'weights.header',
    },
    {
      what: 'three offsets',
      header: { a: { dtype: 'F32', shape: [4], data_offsets: [0, 8, 16] } },
      code: 'weights.header',
    },
    {
      what: 'a tensor without a shape',
      header: { a: { dtype: 'F32', data_offsets: [0, 16] } },
      code: 'weights.header',
    },
    { what: 'an unknown entry', header: { a: { ...f32(0, 16), stride: [1] } }, code: 'weights.header' },
    { what: 'something behind the header', header: '{} {}', code: 'weights.header' },
    { what: 'a string without an end', header: '{"a', code: 'weights.header' },
    { what: 'a list for a header', header: '[]', code: 'weights.header' },
    { what: 'a header of no bytes', header: '', code: 'weights.header' },
  ])('for $what', async ({ header, code }) => {
    const file = await scratch.raw('unsound.safetensors', header, DATA);
    const error: unknown = await openSafetensors(file).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UserError', code });
    expect(String(error)).toMatch(
      /^UserError: "unsound\.safetensors" must be a sound safetensors file, but [^\n]*; download or export it again\.$/,
    );
  });

  it.each([0, 4, 8, 40])('for a file cut off at %i bytes', async (length) => {
    const whole = rawSafetensors({ a: f32(0, 16) }, DATA);
    const file = await scratch.bytes('short.safetensors', whole.subarray(0, length));
    await expect(openSafetensors(file)).rejects.toMatchObject({ code: 'weights.truncated' });
  });

  it('for a header that claims more than any real one, without reading it', async () => {
    const bytes = rawSafetensors({}, DATA);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true);
    await expect(openSafetensors(await scratch.bytes('huge.safetensors', bytes))).rejects.toMatchObject({
      code: 'weights.header',
    });
  });

  it('for bytes that are no text', async () => {
    const bytes = rawSafetensors('{"\u00e9":{}}', new Uint8Array());
    bytes[10] = 0xff;
    await expect(openSafetensors(await scratch.bytes('bytes.safetensors', bytes))).rejects.toThrow(/not UTF-8/);
  });

  it('for a path without a file, and for a folder', async () => {
    await mkdir(scratch.path('folder.safetensors'));
    for (const name of ['absent.safetensors', 'folder.safetensors']) {
      await expect(openSafetensors(scratch.path(name))).rejects.toMatchObject({ code: 'weights.missing' });
    }
  });
});

describe('another format is refused by name', () => {
  it.each([
    { name: 'model.ckpt', head: 'PK\u0003\u0004archive/data.pkl', says: /pickle/ },
    { name: 'renamed.safetensors', head: 'PK\u0003\u0004archive/data.pkl', says: /pickle/ },
    { name: 'old.pt', head: '\u0080\u0002}q\u0001', says: /pickle/ },
    { name: 'model.gguf', head: 'GGUF\u0003\u0000\u0000\u0000', says: /GGUF/ },
    { name: 'model.onnx', head: '\u0008\u0008\u0012\u0007pytorch', says: /ONNX/ },
    { name: 'pointer.safetensors', head: 'version https://git-lfs.github.com/spec/v1\n', says: /git lfs pull/ },
    { name: 'page.safetensors', head: '<!DOCTYPE html><html>', says: /web page/ },
    { name: 'answer.safetensors', head: '{"error":"Unauthorized"}', says: /a text that a server answered with/ },
  ])('$name', async ({ name, head, says }) => {
    const file = await scratch.bytes(name, Buffer.from(head, 'latin1'));
    await expect(openSafetensors(file)).rejects.toMatchObject({ code: 'weights.format' });
    await expect(openSafetensors(file)).rejects.toThrow(says);
  });

  it('while a sound file whose length begins like a pickle is read', async () => {
    const header = JSON.stringify({ a: f32(0, 16) }).padEnd(0x0280);
    const file = await scratch.raw('like-a-pickle.safetensors', header, DATA);
    expect((await openSafetensors(file)).tensors.names).toEqual(['a']);
  });
});

describe('a file of any bytes', () => {
  const sound = rawSafetensors({ __metadata__: { k: 'v' }, a: f32(0, 8), b: f32(8, 16) }, DATA);

  it('is read or refused by UserError, whatever bytes of a sound file are changed, cut or added', async () => {
    const edit = fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { maxLength: 4 }),
        fc.nat(sound.length),
        fc.uint8Array({ maxLength: 9 }),
        async (edits, length, more) => {
          const bytes = Uint8Array.from([...sound.subarray(0, length), ...more]);
          edits.forEach(({ at, byte }) => at < bytes.length && bytes.set([byte], at));
          expect(await isReadOrRefused(await scratch.bytes('fuzz.safetensors', bytes))).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is read or refused by UserError when its header is any JSON', async () => {
    const tensor = fc.record({
      dtype: fc.constantFrom('F32', 'U8', 'X'),
      shape: fc.array(fc.oneof(fc.nat(9), fc.integer()), { maxLength: 3 }),
      data_offsets: fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.dictionary(fc.string(), tensor, { maxKeys: 4 })), async (header) => {
        expect(await isReadOrRefused(await scratch.raw('fuzz.safetensors', header, DATA))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  /** What is accepted must be consistent: inside the file. */
  async function isReadOrRefused(file: string): Promise<boolean> {
    const size = (await readFile(file)).length;
    const opened = await openSafetensors(file).catch((error: unknown) => error);
    if (opened instanceof UserError) {
      return true;
    }
    const { tensors } = opened as Awaited<ReturnType<typeof openSafetensors>>; // Anything else fails on the next line.
    return infosOf(tensors).every(({ offset, length }) => offset >= 8 && length >= 0 && offset + length <= size);
  }
});

describe('a written safetensors file', () => {
  const tensor = (name: string, ...parts: readonly number[][]) => ({
    name,
    dtype: 'F32' as const,
    shape: [parts.flat().length],
    parts: async function* () {
      for (const part of parts) {
        yield new Uint8Array(Float32Array.from(part).buffer);
      }
    },
  });

  it('reads back as it was written, in order, aligned to 64 bytes', async () => {
    const file = scratch.path('new', 'folder', 'written.safetensors');
    await writeSafetensors(file, [tensor('10', [1, 2], [3]), tensor('9', [-4])], { why: 'test' });
    const { tensors, metadata } = await openSafetensors(file);
    expect(tensors.names).toEqual(['10', '9']);
    expect(await tensors.readFloats('10')).toEqual(Float32Array.of(1, 2, 3));
    expect(await tensors.readFloats('9')).toEqual(Float32Array.of(-4));
    expect((tensors.get('10')?.offset ?? 1) % 64).toBe(0);
    expect(metadata.get('why')).toBe('test');
  });

  it('does not appear, nor anything beside it, when a tensor fails midway', async () => {
    const failing = {
      ...tensor('a', [1]),
      parts: async function* () {
        yield new Uint8Array(4);
        throw new Error('no more');
      },
    };
    const folder = scratch.path('failing');
    await expect(writeSafetensors(`${folder}/a.safetensors`, [failing])).rejects.toThrow('no more');
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not appear when a tensor brings another length than announced', async () => {
    const folder = scratch.path('lengths');
    await expect(writeSafetensors(`${folder}/a.safetensors`, [{ ...tensor('a', [1, 2]), shape: [3] }])).rejects.toThrow(
      /12 bytes.*8/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes the place of what a killed writer left', async () => {
    const file = scratch.path('orphan', 'a.safetensors');
    await mkdir(scratch.path('orphan'));
    const dead = 2 ** 22 + 1; // Above the largest process id of any system this runs on.
    await writeFile(`${file}.${dead}-0011aabb.partial`, 'half');
    await writeFile(`${file}.${process.pid}-0011aabb.partial`, 'another writer of this process');
    await writeSafetensors(file, [tensor('a', [1])]);
    expect((await readdir(scratch.path('orphan'))).sort()).toEqual([
      'a.safetensors',
      `a.safetensors.${process.pid}-0011aabb.partial`,
    ]);
  });

  it('is refused with the folder’s name where the system does not let it', async () => {
    await writeFile(scratch.path('no-folder'), '');
    const file = scratch.path('no-folder', 'a.safetensors');
    await expect(writeSafetensors(file, [tensor('a', [1])])).rejects.toMatchObject({
      code: 'weights.unwritable',
      params: { folder: scratch.path('no-folder') },
    });
  });
});
