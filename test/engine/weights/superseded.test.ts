/** Derived files go when their inputs have changed, and nothing else goes. */
import { copyFile, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { derivedFiles, sweepBeside } from '../../../src/engine/weights/cache.ts';
import { openSafetensors, widen, writeSafetensors, type TensorSource } from '../../../src/engine/weights/index.ts';
import { removeSuperseded } from '../../../src/engine/weights/superseded.ts';
import { withWinogradKernels } from '../../../src/engine/weights/winograd.ts';
import { Scratch } from './scratch.ts';

const LATER_MS = 2 * 3_600_000;

let scratch: Scratch;
let derived: string;
beforeEach(async () => {
  scratch = await Scratch.make();
  derived = scratch.path('.fourstep');
});
afterEach(() => scratch.remove());

/** A model of one half-precision number. */
async function model(half: number, name = 'model.safetensors'): Promise<string> {
  const words = new Uint8Array(Uint16Array.of(half).buffer);
  return scratch.raw(name, { half: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }, words);
}

const opened = async (file: string): Promise<TensorSource> => (await openSafetensors(file)).tensors;

/** Opens the model as a process does; resolves to the name of its derived file. */
async function prepared(file: string, cacheDir = scratch.path('cache')): Promise<string> {
  const [made, ...others] = derivedFiles(await widen(await opened(file), cacheDir), cacheDir);
  expect(others).toEqual([]);
  return path.basename(made ?? '');
}

/** As a download does: written beside, then renamed. */
async function replaced(half: number, name = 'model.safetensors'): Promise<string> {
  await rename(await model(half, 'download'), scratch.path(name));
  return scratch.path(name);
}

const later = (folder = derived) => removeSuperseded(folder, Date.now() + LATER_MS);

describe('a derived file', () => {
  it('goes an hour after its model was replaced, and the one in its place stays', async () => {
    const old = await prepared(await model(0x3c00));
    const fresh = await prepared(await replaced(0x4000));
    expect((await readdir(derived)).toSorted()).toEqual([old, fresh].toSorted());
    await removeSuperseded(derived, Date.now() + 3_500_000);
    expect(await readdir(derived)).toHaveLength(2);
    await later();
    expect(await readdir(derived)).toEqual([fresh]);
    expect(
      Array.from(await (await widen(await opened(scratch.path('model.safetensors')), '')).readFloats('half')),
    ).toEqual([2]);
  });

  it('stays while its model does, beside those of other models in its folder', async () => {
    const names = [
      await prepared(await model(0x3c00, 'a.safetensors')),
      await prepared(await model(1, 'b.safetensors')),
    ];
    await replaced(0x4000, 'a.safetensors');
    await later();
    expect(await readdir(derived)).toEqual([names[1]]);
  });

  it('goes with its model', async () => {
    await prepared(await model(0x3c00));
    await rm(scratch.path('model.safetensors'));
    await later();
    expect(await readdir(derived)).toEqual([]);
  });

  it('goes with the derived file that it was made from', async () => {
    const kernel = { dtype: 'F16', shape: [1, 1, 3, 3], data_offsets: [0, 18] };
    const file = await scratch.raw('model.safetensors', { 'conv.weight': kernel }, new Uint8Array(18));
    const wide = await widen(await opened(file), scratch.path('cache'));
    await withWinogradKernels(wide, ['conv.winograd'], scratch.path('cache'));
    const nested = path.join(derived, '.fourstep');
    expect(await readdir(nested)).toHaveLength(1);
    await later(nested);
    expect(await readdir(nested)).toHaveLength(1);
    await Promise.all(
      (await readdir(derived)).filter((name) => name !== '.fourstep').map((name) => rm(path.join(derived, name))),
    );
    await later(nested);
    expect(await readdir(nested)).toEqual([]);
  });

  it('goes where a link leads to another model now', async () => {
    await mkdir(scratch.path('blobs'));
    const [one, two] = [await model(1, 'blobs/one'), await model(2, 'blobs/two')];
    const link = scratch.path('linked.safetensors');
    await symlink(one, link);
    await prepared(link);
    await rm(link);
    await symlink(two, link);
    await removeSuperseded(derived, Date.now());
    expect(await readdir(derived)).toHaveLength(1);
    await later();
    expect(await readdir(derived)).toEqual([]);
  });

  it('stays where what it was made from is out of reach', async () => {
    await mkdir(scratch.path('drive'));
    const cacheDir = scratch.path('cache');
    await mkdir(cacheDir);
    await writeFile(scratch.path('drive', '.fourstep'), 'a file where the folder would be');
    const name = await prepared(await model(0x3c00, 'drive/model.safetensors'), cacheDir);
    await rename(scratch.path('drive'), scratch.path('unplugged'));
    await later(cacheDir);
    expect(await readdir(cacheDir)).toEqual([name]);
  });

  it('stays where its folder is seen under another path, as in a container', async () => {
    await prepared(await model(0x3c00));
    await replaced(0x4000);
    await symlink(scratch.folder, `${scratch.folder}-seen`);
    await later(path.join(`${scratch.folder}-seen`, '.fourstep'));
    await rm(`${scratch.folder}-seen`);
    expect(await readdir(derived)).toHaveLength(1);
  });

  it('is looked for before something new is written beside its model, and not when something is found there', async () => {
    const old = await prepared(await model(0x3c00));
    const fresh = await prepared(await replaced(0x4000));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + LATER_MS });
    await prepared(scratch.path('model.safetensors'));
    expect(await readdir(derived)).toContain(old);
    const other = await prepared(await model(1, 'other.safetensors'));
    vi.useRealTimers();
    expect((await readdir(derived)).toSorted()).toEqual([fresh, other].toSorted());
  });

  it('is looked for beside the files of a model that is let go, and in the folder used otherwise', async () => {
    const cacheDir = scratch.path('cache');
    const fresh = [await prepared(await model(0x3c00)), await prepared(await replaced(0x4000))].slice(1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + LATER_MS });
    await sweepBeside(
      fresh.map((name) => path.join(derived, name)),
      cacheDir,
    );
    vi.useRealTimers();
    expect(await readdir(derived)).toEqual(fresh);
  });
});

describe('what is not provably a derived file of ours', () => {
  it('stays: other names, half-written ones, others’ files, damaged ones and links', async () => {
    const name = await prepared(await model(0x3c00));
    const own = path.join(derived, name);
    const digest = '0123456789abcdef';
    await copyFile(own, path.join(derived, 'mine.safetensors'));
    await copyFile(own, path.join(derived, `model.other.${digest}.safetensors`));
    await copyFile(own, path.join(derived, `${name}.${process.pid}-00000000.partial`));
    await writeFile(path.join(derived, `damaged.fp32.${digest}.safetensors`), 'not weights');
    await writeSafetensors(path.join(derived, `early.fp32.${digest}.safetensors`), [], { made_by: 'fourstep' });
    await writeSafetensors(path.join(derived, `odd.fp32.${digest}.safetensors`), [], {
      made_by: 'fourstep',
      made_from: '{"folder":1}',
    });
    await symlink(own, path.join(derived, `link.fp32.${digest}.safetensors`));
    await mkdir(path.join(derived, `folder.fp32.${digest}.safetensors`));
    await replaced(0x4000);
    const before = await readdir(derived);
    await later();
    expect((await readdir(derived)).toSorted()).toEqual(before.filter((each) => each !== name).toSorted());
  });

  it('goes half-written once its writer is gone and nobody has written to it for an hour', async () => {
    const name = await prepared(await model(0x3c00));
    const gone = path.join(derived, `${name}.${2 ** 30}-0123abcd.partial`);
    await writeFile(gone, 'half');
    await removeSuperseded(derived, Date.now());
    expect(await readdir(derived)).toHaveLength(2);
    await later();
    expect(await readdir(derived)).toEqual([name]);
  });

  it('is nothing at all where there is no folder', async () => {
    await later(scratch.path('none'));
    expect(await readdir(scratch.folder)).toEqual([]);
  });
});
