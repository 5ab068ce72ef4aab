/** A model's own autoencoder, its small stand-in and its net for alpha; that they are diffusers' own is others' to test. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Decoders } from '../../../src/engine/model/decoders.ts';
import { openNet } from '../../../src/engine/model/model-files.ts';
import { sessionOpener } from '../../../src/engine/model/session-opener.ts';
import { standInBeside } from '../../../src/engine/model/vae-override.ts';
import { TorchGenerator } from '../../../src/engine/sampling/index.ts';
import { largestDifference } from '../../support/golden-pictures.ts';
import { writeTinyAlphaHead, writeTinyModel } from '../../support/tiny-model.ts';

const OPEN = sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', startup: 'fast', threads: 1 });
const SIZE = { channels: 4, height: 8, width: 8 };
const LATENTS = new TorchGenerator(1).randn(4 * 64);

let folder = '';
let tiny = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-decoders-'));
  tiny = path.join(folder, 'taesd', 'vae');
  writeTinyModel('sd15', path.join(folder, 'sd15'));
  writeTinyModel('taesd', path.join(folder, 'taesd'));
  writeTinyModel('taesd', path.join(folder, 'wide'), { vae: { latent_channels: 16 } });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(
  tinyVae: string | undefined,
  own = path.join(folder, 'sd15'),
  alphaHead?: string,
): Promise<Decoders> {
  const files = { vae: await openNet(own, 'vae'), tinyVae, alphaHead, location: 'a model' };
  return Decoders.open(files, { open: OPEN, cacheDir: folder, precision: 'fp32' });
}

describe('the decoders of a model', () => {
  it('are two where it has a small stand-in, which makes previews of more detail too', async () => {
    const [both, own] = [await open(tiny), await open(undefined)];
    const [full] = await both.decode([LATENTS], SIZE, { decoder: 'full' });
    const [small] = await both.decode([LATENTS], SIZE, { decoder: 'tiny' });
    expect(full).toEqual((await own.decode([LATENTS], SIZE, { decoder: 'full' }))[0]);
    expect(largestDifference(small, full)).toBeGreaterThan(2);
    expect(await both.preview(LATENTS, SIZE)).toEqual(small);
    expect(await own.preview(LATENTS, SIZE)).toEqual(full);
    const large = { channels: 4, height: 32, width: 32 };
    const latents = new TorchGenerator(2).randn(4 * 32 * 32);
    expect([await both.preview(latents, large), await own.preview(latents, large)]).toMatchObject([
      { width: 256 },
      { width: 128 },
    ]);
    await Promise.all([both.release(), own.release()]);
  });

  it('are one where its own is of the small kind', async () => {
    const decoders = await open(undefined, path.join(folder, 'taesd'));
    const [[full], [small]] = [
      await decoders.decode([LATENTS], SIZE, { decoder: 'full' }),
      await decoders.decode([LATENTS], SIZE, { decoder: 'tiny' }),
    ];
    expect(small).toEqual(full);
    await decoders.release();
  });

  it.each([
    ['none', () => undefined, 'but it has none; add the model with --tiny-vae FILE'],
    ['one that is gone', () => path.join(folder, 'gone.safetensors'), 'but there is nothing; check the path'],
    [
      'one of something else',
      () => path.join(folder, 'sd15', 'unet', 'diffusion_pytorch_model.safetensors'),
      'but it has none of its layers',
    ],
    ['one for other latents', () => path.join(folder, 'wide', 'vae'), '4 channels'],
  ])('say what is wrong with the small one: %s', async (_, tinyVae, sentence) => {
    const decoders = await open(tinyVae());
    const required = decoders.requireTiny();
    await expect(required).rejects.toThrow(sentence);
    await expect(required).rejects.toMatchObject({ name: 'UserError', code: 'model.tiny-vae' });
    await decoders.release();
  });

  it('say how solid pixels are where the model has a net for that, each as alone', async () => {
    const head = path.join(folder, 'alpha-head');
    writeTinyAlphaHead(head);
    const [decoders, without] = [await open(undefined, undefined, head), await open(undefined)];
    const latents = [LATENTS, new TorchGenerator(3).randn(4 * 64)];
    const pictures = await decoders.decode(latents, SIZE, { decoder: 'full' });
    expect(await without.alphas(pictures, latents, SIZE)).toBeUndefined();
    const alphas = await decoders.alphas(pictures, latents, SIZE);
    expect(alphas?.map(({ length }) => length)).toEqual([64 * 64, 64 * 64]);
    expect(new Set(alphas?.[0]).size).toBeGreaterThan(16);
    const [alone] = (await decoders.alphas(pictures.slice(1), latents.slice(1), SIZE, true)) ?? [];
    const apart = alphas?.[1]?.map((value, p) => Math.abs(value - (alone?.[p] ?? 0))) ?? [255];
    expect(Math.max(...apart)).toBeLessThanOrEqual(1); // rounding of a call of two
    await Promise.all([decoders.release(), without.release()]);
  });

  it.each([
    ['of other latents', { latent_channels: 16 }, 'model.alpha-head', 'a net for alpha of twice 4 latent channels'],
    ['of colours', { out_channels: 3 }, 'model.alpha-head', 'one output channel, but it has 8, 8 and 3'],
    ['that is none', { act_fn: 'tanh' }, 'model.config', 'act_fn'],
  ])('refuse a net for alpha %s', async (_, changes, code, sentence) => {
    const head = path.join(folder, `head of ${code} ${sentence.length}`);
    writeTinyAlphaHead(head);
    const config = path.join(head, 'config.json');
    writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), ...changes }));
    const decoders = await open(undefined, undefined, head);
    await expect(decoders.requireAlpha()).rejects.toMatchObject({ code, message: expect.stringContaining(sentence) });
    writeTinyAlphaHead(head);
    await decoders.requireAlpha(); // mended
    await decoders.release();
  });

  it('are found beside the model under the name of TAESD', async () => {
    expect(await standInBeside(folder)).toBe(path.join(folder, 'taesd'));
    expect(await standInBeside(path.join(folder, 'sd15'))).toBeUndefined();
    expect(await standInBeside(path.join(folder, 'sd15.safetensors'))).toBeUndefined();
  });
});
