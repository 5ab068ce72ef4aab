/**
 * The other half of a picture: the AutoencoderKL that SD 1.5 and SDXL share, decoding one picture with random weights, by
 * direct convolutions and as a session for throughput has it.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { parseAutoencoderConfig } from '../../engine/model/autoencoder.ts';
import {
  buildKLDecoder,
  loweringFor,
  NO_WEIGHTS,
  type AutoencoderKLConfig,
  type BuildOptions,
} from '../../engine/nets/index.ts';
import { serialize } from '../../engine/onnx/index.ts';
import { Session } from '../../engine/ort/index.ts';
import { openSafetensors } from '../../engine/weights/index.ts';
import { checkpointTensors, writeRandomCheckpoint } from './random-checkpoint.ts';

/** Facts of the published files. */
export const PUBLISHED_VAE = {
  _class_name: 'AutoencoderKL',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: Array.from({ length: 4 }, () => 'DownEncoderBlock2D'),
  up_block_types: Array.from({ length: 4 }, () => 'UpDecoderBlock2D'),
  layers_per_block: 2,
};

export type DecoderSeconds = { readonly direct: number; readonly throughput: number };

/** Seconds of one picture of `side` × `side` pixels, best of a first and `rounds` more, by a model made for that size. */
export async function measureDecoder(folder: string, side: number, rounds: number): Promise<DecoderSeconds> {
  const config = publishedConfig(side);
  const place = join(folder, 'vae');
  await mkdir(place);
  const file = join(place, 'vae.safetensors');
  const direct = { lowering: loweringFor({ provider: 'cpu' }) };
  const build = { lowering: loweringFor({ provider: 'cpu', convolutions: 'winograd' }) };
  await writeRandomCheckpoint(file, checkpointTensors(buildKLDecoder(config, NO_WEIGHTS, direct)));
  const { tensors } = await openSafetensors(file);
  const weights = await build.lowering.prepareWeights(tensors, (given) => buildKLDecoder(config, given, build), place);
  const length = config.latentChannels * config.usualSide ** 2;
  const latents = {
    data: Float32Array.from({ length }, (_, index) => Math.sin(index * 1.7)),
    shape: [1, config.latentChannels, config.usualSide, config.usualSide],
  };
  const seconds = async (options: BuildOptions): Promise<number> => {
    const session = await Session.create(serialize(buildKLDecoder(config, weights, options), { reuse: 'nowhere' }));
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round <= rounds; round += 1) {
      const startedAt = performance.now();
      await session.run({ latents });
      best = Math.min(best, (performance.now() - startedAt) / 1000);
    }
    await session.release();
    return best;
  };
  return { direct: await seconds(direct), throughput: await seconds(build) };
}

function publishedConfig(side: number): AutoencoderKLConfig {
  const config = parseAutoencoderConfig({ ...PUBLISHED_VAE, sample_size: side }, 'the published VAE');
  if (config.kind !== 'AutoencoderKL') {
    throw new Error('Expected the config of an AutoencoderKL.');
  }
  return config;
}
