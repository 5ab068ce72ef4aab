import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { downloadModel, parseHubName } from '../../src/tools/hub-download.ts';
import { type FakeHub, openFakeHub } from '../support/hub/fake-hub.ts';

const REPO = 'someone/tiny-model';
const WEIGHTS = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) % 251);
const FILES = new Map<string, Uint8Array>([
  ['model_index.json', Buffer.from('{"_class_name":"StableDiffusionPipeline"}')],
  ['unet/config.json', Buffer.from('{}')],
  ['unet/diffusion_pytorch_model.safetensors', WEIGHTS],
  ['unet/diffusion_pytorch_model.bin', Buffer.from('pickle')],
]);

let folder: string;
let hub: FakeHub;
const said: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-hub-'));
  hub = await openFakeHub(REPO, FILES);
  said.length = 0;
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const download = (repo = REPO): Promise<string> =>
  downloadModel({
    repo,
    revision: undefined,
    variant: undefined,
    endpoint: hub.url,
    token: undefined,
    folder,
    say: (line) => said.push(line),
  });

const contents = (): readonly string[] =>
  hub.asked.filter((line) => /resolve.*(safetensors|json)( bytes=[1-9]|$)/.test(line));

describe('downloadModel', () => {
  it('fetches what the engine needs into a folder named after repository and commit', async () => {
    const target = await download();
    expect(target).toBe(join(folder, 'someone--tiny-model-0123456789ab'));
    expect(readdirSync(join(target, 'unet')).toSorted()).toEqual([
      'config.json',
      'diffusion_pytorch_model.safetensors',
    ]);
    expect(readFileSync(join(target, 'unet/diffusion_pytorch_model.safetensors')).equals(WEIGHTS)).toBe(true);
  });

  it('fetches nothing twice', async () => {
    await download();
    const before = hub.asked.filter((line) => line.includes('resolve')).length;
    await download();
    expect(hub.asked.filter((line) => line.includes('resolve'))).toHaveLength(before);
  });

  it('says that it broke off, keeps what came, and goes on from there', async () => {
    hub.breakOffAfter(100_000);
    await expect(download()).rejects.toThrow(/^Expected to fetch someone\/tiny-model from .* but it broke off/);
    const target = await download();
    expect(readFileSync(join(target, 'unet/diffusion_pytorch_model.safetensors')).equals(WEIGHTS)).toBe(true);
    expect(contents().at(-1)).toMatch(/ bytes=100000-299999$/);
    expect(readdirSync(join(target, 'unet')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  it('says what to do where there is no such repository', async () => {
    await expect(download('someone/else')).rejects.toThrow(
      /^Expected a model someone\/else at http:.* answers 404\. Check the name/,
    );
  });

  it('says so where the hub cannot be reached', async () => {
    await hub.close();
    await expect(download()).rejects.toThrow(/broke off \(.*ECONNREFUSED.*\)\. Run the command again/);
    hub = await openFakeHub(REPO, FILES);
  });
});

describe('parseHubName', () => {
  it('reads repository and revision, and leaves paths alone', () => {
    expect(parseHubName('hf:a/b')).toEqual({ repo: 'a/b', revision: undefined });
    expect(parseHubName('hf:a/b.c@refs/pr/1')).toEqual({ repo: 'a/b.c', revision: 'refs/pr/1' });
    expect(parseHubName('./hf')).toBeUndefined();
  });

  it.each(['hf:', 'hf:a', 'hf:a/b/c', 'hf:../b', 'hf:a/..', 'hf:a/b@'])('refuses "%s"', (text) => {
    expect(() => parseHubName(text)).toThrow(/hf:owner\/name/);
  });
});
