/** Both autoencoders and the upscaler against diffusers' outputs for the tiny random models. */
import { describe, expect, it } from 'vitest';

import { besideGround } from '../../../src/engine/model/alpha-head.ts';
import {
  buildKLDecoder,
  buildKLEncoder,
  buildSrvgg,
  buildTinyDecoder,
  loweringFor,
  buildTinyEncoder,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  parseSrvggConfig,
} from '../../../src/engine/nets/index.ts';
import { floats, given, goldenConfig, goldens, relativeL2, runNet } from '../../support/net-case.ts';

const TOLERANCE = 1e-4;
const golden = await goldens();
const cpu = { lowering: loweringFor({ provider: 'cpu' }) };

describe('AutoencoderKL', () => {
  const config = parseAutoencoderKLConfig(goldenConfig('sd15', 'vae'), 'sd15');

  it('encodes pictures into the moments that diffusers computes', async () => {
    const { moments } = await runNet('vae', (weights) => buildKLEncoder(config, weights, cpu), {
      image: given('vae-kl/image', 2, 3, 32, 48),
    });
    expect(moments?.shape).toEqual([2, 8, 4, 6]);
    expect(relativeL2(moments!.data, await golden('vae-kl/moments'))).toBeLessThan(TOLERANCE);
  });

  it('decodes latents into the pictures of diffusers', async () => {
    const { image } = await runNet('vae', (weights) => buildKLDecoder(config, weights, cpu), {
      latents: given('vae-kl/latents', 2, 4, 4, 6),
    });
    expect(image?.shape).toEqual([2, 3, 32, 48]);
    expect(relativeL2(image!.data, await golden('vae-kl/image'))).toBeLessThan(TOLERANCE);
  });
});

describe('AutoencoderTiny', () => {
  const config = parseAutoencoderTinyConfig(goldenConfig('taesd', 'vae'), 'taesd');

  it('encodes pictures into the latents that diffusers computes', async () => {
    const { latents } = await runNet('vae', (weights) => buildTinyEncoder(config, weights, cpu), {
      image: given('vae-tiny/image', 2, 3, 32, 48),
    });
    expect(latents?.shape).toEqual([2, 4, 4, 6]);
    expect(relativeL2(latents!.data, await golden('vae-tiny/latents'))).toBeLessThan(TOLERANCE);
  });

  it('decodes latents into the pictures of diffusers', async () => {
    const { image } = await runNet('vae', (weights) => buildTinyDecoder(config, weights, cpu), {
      latents: given('vae-tiny/latents', 2, 4, 4, 6),
    });
    expect(image?.shape).toEqual([2, 3, 32, 48]);
    expect(relativeL2(image!.data, await golden('vae-tiny/image'))).toBeLessThan(TOLERANCE);
  });
});

describe('an alpha head', () => {
  it('is the same decoder with one channel, over latents and what they are beside their ground', async () => {
    const json = { ...Object(goldenConfig('taesd', 'vae')), out_channels: 1, latent_channels: 8 };
    const { data } = given('alpha-head/latents', 2, 4, 4, 6);
    const beside = [0, 96].map((from) =>
      besideGround(data.slice(from, from + 96), { channels: 4, height: 4, width: 6 }),
    );
    const config = parseAutoencoderTinyConfig(json, 'head');
    const { image } = await runNet('vae', (weights) => buildTinyDecoder(config, weights, cpu), {
      latents: floats(
        beside.flatMap((each) => [...each]),
        [2, 8, 4, 6],
      ),
    });
    expect(image?.shape).toEqual([2, 1, 32, 48]);
    expect(relativeL2(image!.data, await golden('alpha-head/image'))).toBeLessThan(TOLERANCE);
  });
});

describe('SRVGGNetCompact', () => {
  it('enlarges a picture as the published architecture does', async () => {
    const config = parseSrvggConfig({ num_feat: 8, num_conv: 2, upscale: 2 }, 'srvgg');
    const { upscaled } = await runNet('upscaler', (weights) => buildSrvgg(config, weights, cpu), {
      image: given('srvgg/image', 1, 3, 12, 20),
    });
    expect(upscaled?.shape).toEqual([1, 3, 24, 40]);
    expect(relativeL2(upscaled!.data, await golden('srvgg/upscaled'))).toBeLessThan(TOLERANCE);
  });
});
