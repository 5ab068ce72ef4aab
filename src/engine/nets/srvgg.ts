/**
 * SRVGGNetCompact of Real-ESRGAN: a straight row of convolutions that makes a picture 2 or 4 times as large
 * (https://github.com/xinntao/Real-ESRGAN/blob/v0.3.0/realesrgan/archs/srvgg_arch.py). It learns what nearest
 * neighbour misses.
 */
import { z } from 'zod';

import type { Graph } from '../onnx/index.ts';
import { Add, DepthToSpace, PRelu, Resize } from '../onnx/index.ts';
import { buildNet, type BuildOptions, type NetWeights } from './building.ts';
import { only, parseConfig } from './config.ts';
import { conv2d } from './convolution.ts';
import { channelsFirst, fromChannelsFirst, perChannel, pictureInput, pictureOutput } from './pictures.ts';
import { WeightScope } from './weight-scope.ts';

const schema = z.object({
  num_in_ch: z.number().int().positive().default(3),
  num_out_ch: z.number().int().positive().default(3),
  num_feat: z.number().int().positive().default(64),
  num_conv: z.number().int().nonnegative().default(16),
  upscale: z.number().int().min(1).default(4),
  act_type: only('prelu'),
});

export type SrvggConfig = {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly features: number;
  readonly convolutions: number;
  readonly upscale: number;
};

/** `origin` names the file in messages. Throws `UserError` `model.config` for what is not built. */
export function parseSrvggConfig(json: unknown, origin: string): SrvggConfig {
  const config = parseConfig(schema, json, origin);
  return {
    inChannels: config.num_in_ch,
    outChannels: config.num_out_ch,
    features: config.num_feat,
    convolutions: config.num_conv,
    upscale: config.upscale,
  };
}

/** image [rows, 3, H, W] from 0 to 1 → upscaled [rows, 3, H·upscale, W·upscale], about 0 to 1, not clipped. */
export function buildSrvgg(config: SrvggConfig, weights: NetWeights, options: BuildOptions): Graph {
  return buildNet('upscaler', weights, options, (building) => {
    const body = new WeightScope(building).at('body');
    const { features, upscale } = config;
    const image = pictureInput(building, 'image', config.inChannels);
    let x = image;
    for (let k = 0; k <= config.convolutions; k++) {
      x = PRelu(conv2d(body.at(2 * k), x, features), perChannel(body.at(2 * k + 1), 'weight', features));
    }
    x = conv2d(body.at(2 * config.convolutions + 2), x, config.outChannels * upscale ** 2);
    const enlarged = Resize(channelsFirst(building, image), upscale);
    const upscaled = Add(DepthToSpace(channelsFirst(building, x), upscale), enlarged);
    pictureOutput(building, 'upscaled', fromChannelsFirst(building, upscaled));
  });
}
