/**
 * The program as a script uses it: a child process over a tiny model, judged by its exit status, its two streams and the
 * files it leaves.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import type { Picture } from '../../src/core/picture.ts';
import { decodePicture, encodePng, readPngTexts } from '../../src/image/index.ts';
import { writeCheckpoint } from '../support/checkpoint-file.ts';
import { writeTensors } from '../support/safetensors-file.ts';
import { writeTinyLora, writeTinyModel, writeTinyUpscaler } from '../support/tiny-model.ts';

const PROGRAM = join(packageFolder, 'src/main.ts');
const LOADER = pathToFileURL(join(packageFolder, 'test/support/typescript-loader.mjs')).href;
const MANIFEST = {
  id: 'tiny',
  name: 'Tiny',
  base: 'other',
  defaults: { width: 64, height: 64, steps: 2, guidance: 1, scheduler: 'lcm' },
  sizes: [64],
  styles: [
    { id: 'ink', name: 'Ink', file: 'ink.safetensors', weight: 0.8, trigger: 'inked' },
    { id: 'neon', name: 'Neon', file: 'ink.safetensors', weight: 1 },
  ],
  upscalers: { '2': 'upscaler-x2' },
};
// A child process for each command: slow on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;
let model: string;

type Ended = { readonly status: number | null; readonly out: readonly string[]; readonly err: readonly string[] };

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--import', LOADER, PROGRAM, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], FOURSTEP_DATA: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const lines = (all: string): readonly string[] => all.split('\n').filter((line) => line !== '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, out: lines(text.out), err: lines(text.err) }));
  });
}

const run = (...args: readonly string[]): Promise<Ended> => ended(start(args));
const imagine = (...args: readonly string[]): Promise<Ended> => run('imagine', 'a red fox', '--model', model, ...args);
const inFolder = (...parts: readonly string[]): string => join(folder, ...parts);
const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** A copy of the model that something is done to. */
function spoilt(name: string, spoil: (copy: string) => void): string {
  const copy = inFolder(name);
  writeTinyModel('sd15', copy);
  spoil(copy);
  return copy;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-cli-'));
  model = inFolder('tiny');
  writeTinyModel('sd15', model);
  const lora = { name: 'ink', targets: ['to_q', 'to_v'], rank: 4, alpha: 4 };
  writeTinyLora('sd15', lora, join(model, 'ink.safetensors'));
  writeTinyUpscaler(join(model, 'upscaler-x2'));
  writeFileSync(join(model, 'fourstep.json'), JSON.stringify(MANIFEST));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('fourstep imagine', () => {
  it('writes a picture that carries its parameters, and prints path, seed and milliseconds on one line', async () => {
    const { status, out, err } = await imagine('--seed', '7', '--out', 'one.png');
    expect({ status, err }).toEqual({ status: 0, err: [] });
    expect(out).toEqual([expect.stringMatching(/^one\.png {2}seed 7 {2}\d+ ms$/)]);
    const [[, parameters] = []] = Object.entries(readPngTexts(readFileSync(inFolder('one.png'))));
    expect(parameters).toMatch(/^a red fox\nSteps: 2, Sampler: lcm, CFG scale: 1, Seed: 7, Size: 64x64, Model: /);
  });

  it('prints one JSON object with exactly the fields that scripts rely on', async () => {
    const { status, out } = await imagine('--seed', '7', '--out', 'two.png', '--json', '--style', 'ink:0.5');
    expect(status).toBe(0);
    expect(out).toHaveLength(1);
    const { ms, ...facts }: { readonly ms: Readonly<Record<string, number>> } = JSON.parse(out[0] ?? '');
    expect(facts).toEqual({
      path: 'two.png',
      seed: 7,
      prompt: 'inked, a red fox',
      negative: '',
      model,
      styles: [{ id: 'ink', weight: 0.4 }],
      steps: 2,
      guidance: 1,
      width: 64,
      height: 64,
      scheduler: 'lcm',
    });
    expect(Object.keys(ms)).toEqual(['text', 'denoise', 'decode', 'total']);
    expect(Object.values(ms).every((value) => value >= 0)).toBe(true);
  });

  it('draws equal bytes from equal seeds, and others from others', async () => {
    await imagine('--seed', '3', '--out', 'a.png', '--quiet');
    await imagine('--seed', '3', '--out', 'b.png', '--quiet');
    await imagine('--seed', '4', '--out', 'c.png', '--quiet');
    expect(hashOf(inFolder('a.png'))).toBe(hashOf(inFolder('b.png')));
    expect(hashOf(inFolder('a.png'))).not.toBe(hashOf(inFolder('c.png')));
  });

  it('draws more than a request holds into a folder whose names sort as their seeds, saying nothing when quiet', async () => {
    const { status, out, err } = await imagine('--seed', '95', '--count', '18', '--out', 'many', '--quiet');
    expect({ status, out, err }).toEqual({ status: 0, out: [], err: [] });
    const names = readdirSync(inFolder('many')).toSorted();
    const seeds = names.map((name) => Number(/-(\d+)\.png$/.exec(name)?.[1]));
    expect(seeds).toEqual(Array.from({ length: 18 }, (_, index) => 95 + index));
    await imagine('--seed', '112', '--out', 'last.png', '--quiet');
    expect(hashOf(inFolder('last.png'))).toBe(hashOf(inFolder('many', names.at(-1) ?? '')));
  });

  it('starts from a picture, with a LoRA, a VAE, a scheduler, guidance and words to keep out', async () => {
    await imagine('--seed', '5', '--out', 'start.png', '--quiet');
    const options = ['--init', 'start.png', '--strength', '0.5', '--lora', join(model, 'ink.safetensors:0.3')];
    const more = ['--vae', join(model, 'vae'), '--scheduler', 'euler', '--guidance', '2', '--negative', 'blue'];
    const { status, out, err } = await imagine(...options, ...more, '--size', '64x128', '--json', '--out', 'all.png');
    expect({ status, err }).toEqual({ status: 0, err: [] });
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      negative: 'blue',
      styles: [{ id: 'ink', weight: 0.3 }],
      guidance: 2,
      width: 64,
      height: 128,
      scheduler: 'euler',
    });
  });

  it('draws anew what a mask covers: white, or what is erased from the picture itself', async () => {
    await imagine('--seed', '5', '--out', 'whole.png', '--quiet');
    const { width, height, data } = await decodePicture(readFileSync(inFolder('whole.png')));
    const isCovered = (pixel: number): boolean => pixel % width >= width / 2;
    const white = Uint8Array.from({ length: data.length }, (_, i) => (isCovered(Math.floor(i / 3)) ? 255 : 0));
    const alpha = Uint8Array.from({ length: width * height }, (_, i) => (isCovered(i) ? 0 : 255));
    writeFileSync(inFolder('mask.png'), (await encodePng({ width, height, data: white })).data);
    writeFileSync(inFolder('erased.png'), (await encodePng({ width, height, data, alpha })).data);
    for (const mask of ['mask.png', 'erased.png']) {
      const { status, err } = await imagine(
        '--seed',
        '6',
        '--image',
        'whole.png',
        '--mask',
        mask,
        '--out',
        `by-${mask}`,
      );
      expect({ status, err }).toEqual({ status: 0, err: [] });
    }
    expect(hashOf(inFolder('by-mask.png'))).toBe(hashOf(inFolder('by-erased.png')));
    await imagine('--seed', '6', '--init', 'whole.png', '--strength', '1', '--out', 'unmasked.png', '--quiet');
    expect(hashOf(inFolder('by-mask.png'))).not.toBe(hashOf(inFolder('unmasked.png')));
  });

  it('ends with status 1 and a word on stderr when interrupted, and leaves no partial file', async () => {
    const child = start(['imagine', 'a red fox', '--model', model, '--out', 'stopped', '--count', '10000']);
    const end = ended(child);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGINT');
    const { status, err } = await end;
    expect({ status, err }).toEqual({ status: 1, err: ['fourstep: cancelled'] });
    expect(readdirSync(inFolder('stopped')).filter((name) => !name.endsWith('.png'))).toEqual([]);
  });
});

describe('wrong usage', () => {
  it.each([
    [['imagine'], /prompt/],
    [['imagine', 'x', '--size', '100x100'], /Expected a size like 512x768 .* got "100x100"/],
    [['imagine', 'x', '--steps', 'four'], /Expected steps as a whole number from 1 to 150, got "four"/],
    [['imagine', 'x', '--colour', 'red'], /--colour/],
    [['imagine', 'x', '--scheduler', 'plms'], /lcm, ddim, dpm\+\+, euler/],
    [['imagine', 'x', '--model', 'tiny', '--out', 'x.jpg'], /\.png/],
    [['imagine', 'x', '--model', 'tiny', '--strength', '0.5'], /--init/],
    [['imagine', 'x', '--model', 'tiny', '--mask', 'x.png'], /--mask together with --init/],
    [['imagine', 'x', '--model', 'tiny', '--init', 'x.png', '--image', 'y.png'], /--init and --image/],
    [['imagine', 'x', '--model', 'tiny', '--size', '2056'], /64 to 2048/],
    [['draw'], /draw/],
    [['upscale', 'x.png', '--scale', '3', '--out', 'y.png'], /2 or 4/],
    [['model', 'add', 'hf:nobody'], /hf:owner\/name/],
  ])('%j ends with status 2 and one sentence', async (args, sentence) => {
    const { status, out, err } = await run(...args);
    expect({ status, out, lines: err.length }).toEqual({ status: 2, out: [], lines: 1 });
    expect(err[0]).toMatch(sentence);
    expect(err[0]).toMatch(/^fourstep: .*\.$/);
  });

  it('is not asking for help or the version', async () => {
    expect(await run('--version')).toMatchObject({ status: 0, out: [expect.stringMatching(/^\d+\.\d+\.\d+$/)] });
    expect((await run('imagine', '--help')).status).toBe(0);
  });
});

describe('what cannot be drawn ends with status 1, one sentence and no file', () => {
  const outcomeOf = async (...args: readonly string[]): Promise<unknown> => {
    const end = await run('imagine', 'x', '--out', 'never/x.png', ...args);
    return { ...end, isLeft: existsSync(inFolder('never')) };
  };
  const refusedWith = (sentence: RegExp): unknown => ({
    status: 1,
    out: [],
    err: [expect.stringMatching(sentence)],
    isLeft: false,
  });
  const WEIGHTS = 'diffusion_pytorch_model.safetensors';

  it.each([
    ['truncated weights', (copy: string) => truncateSync(join(copy, 'unet', WEIGHTS), 5000), /sound safetensors file/],
    [
      'a header that claims the whole address space',
      (copy: string) => writeFileSync(join(copy, 'unet', WEIGHTS), Buffer.alloc(64, 0x7f)),
      /claims a header of/,
    ],
    ['no weights', (copy: string) => rmSync(join(copy, 'vae', WEIGHTS)), /there is none/],
    ['no model_index.json', (copy: string) => rmSync(join(copy, 'model_index.json')), /model_index\.json/],
    ['no tokenizer', (copy: string) => rmSync(join(copy, 'tokenizer'), { recursive: true }), /CLIP tokenizer/],
    ['a broken config', (copy: string) => writeFileSync(join(copy, 'unet/config.json'), '{'), /Expected JSON/],
    [
      'only a pickle',
      (copy: string) => renameSync(join(copy, 'unet', WEIGHTS), join(copy, 'unet/diffusion_pytorch_model.bin')),
      /must be \.safetensors files/,
    ],
  ])('a model with %s', async (name, spoil, sentence) => {
    expect(await outcomeOf('--model', spoilt(name.replaceAll(/\W+/g, '-'), spoil))).toEqual(refusedWith(sentence));
  });

  it.each([
    ['model.ckpt', 'PK\u0003\u0004', /pickle/],
    ['model.gguf', 'GGUF', /GGUF/],
    ['model.onnx', 'onnx', /ONNX/],
  ])('a model file %s', async (name, bytes, sentence) => {
    writeFileSync(inFolder(name), bytes.padEnd(64, '\0'));
    expect(await outcomeOf('--model', name)).toEqual(refusedWith(sentence));
  });

  it('a LoRA for another base', async () => {
    const key = 'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k';
    writeTensors(inFolder('xl.safetensors'), [
      { name: `${key}.lora_down.weight`, shape: [4, 2048], data: new Float32Array(4 * 2048) },
      { name: `${key}.lora_up.weight`, shape: [640, 4], data: new Float32Array(640 * 4) },
    ]);
    expect(await outcomeOf('--model', model, '--lora', 'xl.safetensors')).toEqual(
      refusedWith(/^fourstep: .*xl\.safetensors/),
    );
  });

  it('a style or model that is not there, with the closest name', async () => {
    expect(await outcomeOf('--model', model, '--style', 'nein')).toEqual(
      refusedWith(/no style "nein"\. Did you mean neon\?/),
    );
    expect((await run('model', 'add', model, '--id', 'mine')).status).toBe(0);
    expect(await outcomeOf('--model', 'mime')).toEqual(refusedWith(/got "mime".*Did you mean mine\?/));
    expect((await run('model', 'remove', 'mine')).status).toBe(0);
  });

  it('a text file as the picture to start from', async () => {
    writeFileSync(inFolder('text.png'), 'no picture');
    expect(await outcomeOf('--model', model, '--init', 'text.png')).toEqual(refusedWith(/Expected a PNG, JPEG/));
  });

  it('a place that cannot be written', async () => {
    writeFileSync(inFolder('file'), '');
    const { status, out, err } = await imagine('--out', 'file/x.png');
    expect({ status, out }).toEqual({ status: 1, out: [] });
    expect(err).toEqual([expect.stringMatching(/Expected to write file\/x\.png, .* a part of the path is a file\./)]);
  });
});

describe('the other commands', () => {
  it('upscales a picture', async () => {
    await imagine('--seed', '1', '--out', 'small.png', '--quiet');
    const { status, out } = await run('upscale', 'small.png', '--scale', '2', '--out', 'big.png', '--model', model);
    expect({ status, out }).toEqual({ status: 0, out: [expect.stringMatching(/^big\.png {2}128x128 {2}\d+ ms$/)] });
    const none = await run('upscale', 'small.png', '--scale', '4', '--out', 'bigger.png', '--model', model);
    expect(none).toMatchObject({ status: 1, err: [expect.stringMatching(/enlarges 4 times/)] });
  });

  it('adds a model after drawing a trial, lists it, gives it a style, draws with both, and forgets them', async () => {
    expect(await run('model', 'add', model, '--id', 'own', '--name', 'Our own')).toMatchObject({ status: 0, err: [] });
    expect((await run('model', 'list')).out).toContainEqual(expect.stringMatching(/^own {2}Our own {2}/));
    copyFileSync(join(model, 'ink.safetensors'), inFolder('Water Colour.safetensors'));
    const words = ['--model', 'own', '--trigger', 'washed', '--weight', '0.6'];
    expect((await run('style', 'add', 'Water Colour.safetensors', ...words)).status).toBe(0);
    const { out } = await run(
      'imagine',
      'a hen',
      '--model',
      'own',
      '--style',
      'water-colour',
      '--json',
      '--out',
      'hen.png',
    );
    expect(JSON.parse(out[0] ?? '')).toMatchObject({
      model: 'own',
      prompt: 'washed, a hen',
      styles: [{ id: 'water-colour', weight: 0.6 }],
    });
    expect((await run('style', 'remove', 'water-colour')).status).toBe(0);
    expect((await run('model', 'remove', 'own')).status).toBe(0);
    expect((await run('model', 'list')).out).not.toContainEqual(expect.stringMatching(/^own /));
  });

  it('decodes by a model’s tiny decoder where that is asked for, and says where it has none', async () => {
    const folder = inFolder('small');
    writeTinyModel('taesd', folder);
    const tiny = ['--tiny-vae', join(folder, 'vae')];
    expect(await run('model', 'add', model, '--id', 'two', ...tiny)).toMatchObject({ status: 0, err: [] });
    const drawnBy = async (...options: readonly string[]): Promise<Picture> => {
      const drawn = await run('imagine', 'a hen', '--model', 'two', '--seed', '4', '--out', 'hen.png', ...options);
      expect(drawn).toMatchObject({ status: 0, err: [] });
      return decodePicture(readFileSync(inFolder('hen.png')));
    };
    const [usual, full, small] = [
      await drawnBy(),
      await drawnBy('--decoder', 'full'),
      await drawnBy('--decoder', 'tiny'),
    ];
    expect(usual).toEqual(full);
    expect(small).not.toEqual(full);
    expect((await run('model', 'remove', 'two')).status).toBe(0);
    const none = await run('imagine', 'a hen', '--model', model, '--decoder', 'tiny', '--out', 'hen.png');
    expect(none).toMatchObject({
      status: 1,
      err: [expect.stringMatching(/it has none; add the model with --tiny-vae/)],
    });
  });

  it('gives a checkpoint without a VAE the one that is named, or that of an added model of its base', async () => {
    const parts = inFolder('parts');
    writeTinyModel('cp-sd15', parts);
    cpSync(join(parts, 'tokenizer'), inFolder('files/tokenizer'), { recursive: true });
    writeFileSync(inFolder('files/tokenizer/tokenizer_config.json'), '{}');
    await writeCheckpoint(parts, inFolder('files/whole.safetensors'), { family: 'sd15' });
    await writeCheckpoint(parts, inFolder('files/bare.safetensors'), { family: 'sd15', hasVae: false });
    const bare = ['model', 'add', 'files/bare.safetensors', '--id'];
    expect(await run(...bare, 'none')).toMatchObject({
      status: 1,
      err: [expect.stringMatching(/give one with --vae/)],
    });
    expect(await run('model', 'add', 'files/whole.safetensors')).toMatchObject({ status: 0, err: [] });
    const borrowing = await run(...bare, 'borrowing');
    expect(borrowing).toMatchObject({ status: 0, err: [] });
    expect(borrowing.out[0]).toMatch(/no VAE, so it takes that of whole/);
    const named = await run(...bare, 'named', '--vae', join(parts, 'vae'));
    expect(named).toMatchObject({ status: 0, err: [], out: [expect.stringMatching(/^added named/)] });
    const drawnBy = async (id: string): Promise<Picture> => {
      const options = ['--size', '64x64', '--steps', '2', '--seed', '4', '--out', 'hen.png'];
      expect(await run('imagine', 'a hen', '--model', id, ...options)).toMatchObject({ status: 0, err: [] });
      return decodePicture(readFileSync(inFolder('hen.png')));
    };
    expect(await drawnBy('borrowing')).toEqual(await drawnBy('named'));
  });

  it('leaves no entry of a model whose trial fails', async () => {
    const broken = spoilt('broken', (copy) => rmSync(join(copy, 'unet/config.json')));
    expect(await run('model', 'add', broken)).toMatchObject({
      status: 1,
      err: [expect.stringMatching(/config\.json/)],
    });
    expect((await run('model', 'list')).out).not.toContainEqual(expect.stringContaining(basename(broken)));
  });

  it('teaches a model a word by a textual inversion, draws with it, and forgets it', async () => {
    const vectors = Float32Array.from({ length: 64 }, (_, k) => 2 * Math.sin(k));
    writeTensors(inFolder('ring-toy.safetensors'), [{ name: 'emb_params', shape: [2, 32], data: vectors }]);
    await run('model', 'add', model, '--id', 'mine');
    const added = await run('model', 'add-embedding', 'ring-toy.safetensors', '--model', 'mine');
    expect(added).toEqual({
      status: 0,
      err: [],
      out: ['added "ring-toy" (2 of 32 numbers) for mine: write it in a prompt, or embedding:ring-toy'],
    });
    const draw = async (prompt: string, out: string) => {
      const drawn = await run('imagine', prompt, '--model', 'mine', '--seed', '3', '--out', out);
      expect(drawn).toMatchObject({ status: 0, err: [] });
      return decodePicture(readFileSync(inFolder(out)));
    };
    const [byWord, byPrefix, byNumber] = [
      await draw('a ring-toy', 'word.png'),
      await draw('a embedding:Ring-Toy', 'prefix.png'),
      await draw('a <s0><s1>', 'number.png'),
    ];
    expect(byPrefix).toEqual(byWord);
    expect(byNumber).toEqual(byWord);
    const inspected = await run('lora', 'inspect', 'ring-toy.safetensors');
    expect(inspected.out.slice(0, 2)).toEqual(['kind      textual inversion', 'vectors   2']);
    const again = await run('model', 'add-embedding', 'ring-toy.safetensors', '--model', 'mine');
    expect(again).toMatchObject({ status: 1, err: [expect.stringContaining('has a word "ring-toy" already')] });
    expect(await run('model', 'remove-embedding', 'ring-toy', '--model', 'mine')).toMatchObject({ status: 0 });
    expect(await draw('a ring-toy', 'forgotten.png')).not.toEqual(byWord);
    await run('model', 'remove', 'mine');
  });

  it('inspects a LoRA for people and for programs', async () => {
    const file = join(model, 'ink.safetensors');
    expect((await run('lora', 'inspect', file)).out).toContainEqual(expect.stringMatching(/^rank +4$/));
    const { out } = await run('lora', 'inspect', file, '--json');
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ file, ranks: [4], alphas: [4] });
  });

  it('says what is missing where a command needs a token or a queue', async () => {
    const outcome = await Promise.all([run('deploy-commands'), run('runner')]);
    expect(outcome.map(({ status, err }) => [status, err.length])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });
});
