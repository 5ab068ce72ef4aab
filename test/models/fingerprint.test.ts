import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Fingerprints } from '../../models/fingerprint.ts';
import { drawsTheSame, netsOf } from '../../src/core/fingerprint.ts';
import { writeTensors } from '../support/safetensors-file.ts';

let folder: string;
let fingerprints: Fingerprints;

function writeNet(net: string, value: number): void {
  mkdirSync(join(folder, 'model', net), { recursive: true });
  const file = join(folder, 'model', net, 'diffusion_pytorch_model.safetensors');
  writeTensors(file, [{ name: 'w', shape: [2], data: new Float32Array([value, 1]) }]);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-fingerprint-'));
  fingerprints = new Fingerprints(join(folder, 'hashes'));
  writeNet('unet', 1);
  writeNet('vae', 2);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const today = () => fingerprints.of(join(folder, 'model'));

it('is another once a net is trained anew, and the old one where the old bytes come back', async () => {
  const first = await today();
  expect(await today()).toBe(first);
  writeNet('unet', 3);
  expect(await today()).not.toBe(first);
  writeNet('unet', 1);
  expect(await today()).toBe(first);
});

it('does not read a file twice that is as it was', async () => {
  const first = await today();
  for (const name of readdirSync(join(folder, 'hashes'))) {
    const note = join(folder, 'hashes', name);
    writeFileSync(note, readFileSync(note, 'utf8').replaceAll(/"sha256": "[^"]+"/g, '"sha256": "kept"'));
  }
  const fromNotes = await today();
  expect(fromNotes).not.toBe(first);
  writeNet('unet', 1);
  writeNet('vae', 2);
  rmSync(join(folder, 'hashes'), { recursive: true });
  expect(await today()).toBe(first);
});

it('says beside the nets which table of words reads the prompts, and which accelerators the model has', async () => {
  const nets = await today();
  const manifest = { id: 'm', name: 'M', base: 'moji', sizes: [64], words: 'words.json' };
  const defaults = { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm' };
  writeFileSync(join(folder, 'model', 'fourstep.json'), JSON.stringify({ ...manifest, defaults }));
  writeFileSync(join(folder, 'model', 'words.json'), '{}');
  const first = await today();
  expect(netsOf(first)).toBe(nets);
  writeFileSync(join(folder, 'model', 'words.json'), '{"version":1}');
  const second = await today();
  expect([second === first, netsOf(second)]).toEqual([false, nets]);

  writeFileSync(
    join(folder, 'model', 'fourstep.json'),
    JSON.stringify({ ...manifest, defaults, lcmLora: 'lcm.safetensors' }),
  );
  expect(await today()).toBe(second); // a file that is missing is told where it is drawn with
  writeFileSync(join(folder, 'model', 'lcm.safetensors'), 'one');
  const third = await today();
  writeFileSync(join(folder, 'model', 'lcm.safetensors'), 'another');
  const fourth = await today();
  expect(new Set([second, third, fourth]).size).toBe(3);
  expect([netsOf(third), netsOf(fourth)]).toEqual([nets, nets]);
});

it.each([
  ['nets', 'nets.words.lcm', true],
  ['nets.words', 'nets.words.lcm', true],
  ['nets..lcm', 'nets.words.lcm', true],
  ['nets.words.lcm', 'nets.words.another', false],
  ['nets.others', 'nets.words.lcm', false],
  ['others.words.lcm', 'nets.words.lcm', false],
])('of %s and %s compares what both tell', (a, b, expected) => {
  expect([drawsTheSame(a, b), drawsTheSame(b, a)]).toEqual([expected, expected]);
});
