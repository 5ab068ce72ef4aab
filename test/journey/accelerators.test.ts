/** Accelerators as a script uses them: added with a model, recognised by themselves, chosen by id or file, refused or mended. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import { writeTinyLora, writeTinyModel } from '../support/tiny-model.ts';

const PROGRAM = join(packageFolder, 'src/main.ts');
const LOADER = pathToFileURL(join(packageFolder, 'test/support/typescript-loader.mjs')).href;
const WHOLE = (
  'to_q to_k to_v to_out.0 proj_in proj_out ff.net.0.proj ff.net.2 ' +
  'conv1 conv2 conv_shortcut downsamplers.0.conv upsamplers.0.conv time_emb_proj'
).split(' ');
// A child process for each command: slow on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let folder: string;
let model: string;

type Ended = { readonly status: number | null; readonly out: string; readonly err: string };

function run(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', LOADER, PROGRAM, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], FOURSTEP_DATA: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...text }));
  });
}

const imagine = (...args: readonly string[]): Promise<Ended> =>
  run('imagine', 'a fox', '--model', 'quick', '--size', '64', '--seed', '7', '--json', '--out', 'fox.png', ...args);

async function drawn(...args: readonly string[]): Promise<unknown> {
  const { out, err, status } = await imagine(...args);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return JSON.parse(out);
}

let added: Ended;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-quick-'));
  model = join(folder, 'model');
  writeTinyModel('sd15', model);
  for (const [k, file] of ['lcm-lora', 'Hyper-SD-4steps-lora', 'speed'].entries()) {
    writeTinyLora(
      'sd15',
      { name: `quick-${k}`, targets: WHOLE, rank: 64, alpha: 8 },
      join(folder, `${file}.safetensors`),
    );
  }
  const two = ['--accelerator', 'lcm-lora.safetensors:0.9', '--accelerator', 'Hyper-SD-4steps-lora.safetensors'];
  added = await run('model', 'add', model, '--id', 'quick', ...two);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a model with two accelerators', () => {
  it('says what it recognised when it is added, and is listed with both', async () => {
    expect(added).toMatchObject({ status: 0, err: '' });
    expect(added.out).toContain('lcm-lora.safetensors: LCM: LCM, guidance 1 to 2');
    expect(added.out).toContain('Hyper-SD-4steps-lora.safetensors: Hyper-SD, 4 steps: DDIM trailing, guidance 1');
    expect((await run('model', 'list')).out).toContain('(lcm, hyper-sd-4)');
  });

  it('draws with the first, or with the one whose id is named, each as it wants to be stepped', async () => {
    expect(await drawn()).toMatchObject({ steps: 4, guidance: 1, scheduler: 'lcm' });
    const lcm = readFileSync(join(folder, 'fox.png'));
    expect(await drawn('--accelerator', 'hyper-sd-4')).toMatchObject({ steps: 4, guidance: 1, scheduler: 'ddim' });
    expect(readFileSync(join(folder, 'fox.png')).equals(lcm)).toBe(false);
  });

  it('draws without one as an ordinary model', async () => {
    expect(await drawn('--accelerator', 'none', '--steps', '2')).toMatchObject({ steps: 2, scheduler: 'dpm++' });
  });

  it('refuses steps that the recipe was not made for, with status 2', async () => {
    const { status, err } = await imagine('--accelerator', 'hyper-sd-4', '--steps', '6');
    expect({ status, err }).toEqual({
      status: 2,
      err: 'fourstep: Hyper-SD, 4 steps goes with 4 steps; you asked for 6. Leave the steps out, or ask for those.\n',
    });
  });

  it('mends a guidance that the recipe does not go with, and says so', async () => {
    const { status, out, err } = await imagine('--accelerator', 'hyper-sd-4', '--guidance', '5');
    expect(status).toBe(0);
    expect(err).toBe('Hyper-SD, 4 steps goes with guidance 1, so 1 was used instead of 5.\n');
    expect(JSON.parse(out)).toMatchObject({ guidance: 1 });
  });

  it('refuses an eta that would be lost', async () => {
    const { status, err } = await imagine('--eta', '0.5');
    expect({ status, err }).toEqual({
      status: 2,
      err: expect.stringContaining('Expected --eta with the scheduler ddim or tcd, got it with lcm'),
    });
  });

  it('takes timesteps and eta of the caller’s', async () => {
    const own = await drawn('--recipe', 'tcd', '--timesteps', '999,600,201', '--eta', '0.5');
    expect(own).toMatchObject({ steps: 3, scheduler: 'tcd' });
  });
});

describe('an accelerator’s file', () => {
  it('that nothing tells apart asks for its recipe, and is drawn with once that is said', async () => {
    const { status, err } = await imagine('--accelerator', 'speed.safetensors');
    expect(status).toBe(2);
    expect(err).toMatch(/^fourstep: Expected --recipe NAME for .*speed\.safetensors: .*TCD.*--recipe \(lcm, tcd/);
    expect(await drawn('--accelerator', 'speed.safetensors', '--recipe', 'hyper-sd', '--steps', '2')).toMatchObject({
      steps: 2,
      scheduler: 'tcd',
    });
  });

  it('whose licence is known says it, unless nothing is to be said', async () => {
    const dmd2 = ['--accelerator', 'speed.safetensors', '--recipe', 'dmd2'];
    const { status, err } = await imagine(...dmd2);
    expect({ status, err }).toEqual({
      status: 0,
      err: 'DMD2, 4 steps is licensed: CC BY-NC: not for commercial use.\n',
    });
    expect((await imagine(...dmd2, '--quiet')).err).toBe('');
  });

  it('by the option’s older name is LCM’s where nothing tells', async () => {
    expect(await drawn('--lcm-lora', 'speed.safetensors')).toMatchObject({ steps: 4, scheduler: 'lcm' });
  });

  it('that is not there is said with the ids that there are', async () => {
    const { status, err } = await imagine('--accelerator', 'hyper-sd-5');
    expect(status).toBe(1);
    expect(err).toContain('got "hyper-sd-5", which is none of them. Did you mean hyper-sd-4?');
  });

  it('of an entry of before is its LCM-LoRA', async () => {
    const entry = { source: model, lcmLora: join(folder, 'speed.safetensors') };
    writeFileSync(join(folder, 'data/models/old.json'), JSON.stringify(entry));
    expect(await drawn('--model', 'old')).toMatchObject({ model: 'old', steps: 4, scheduler: 'lcm' });
    expect((await run('model', 'list')).out).toMatch(/^old .*\(lcm\)/m);
  });
});
