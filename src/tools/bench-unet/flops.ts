/**
 * How many floating-point operations one UNet call is: matrix products and convolutions, two per multiply-add, batch 1.
 * Norms, activations and additions are left out (under 1 %). Counted from the config, so that a floor can be stated
 * before anything has run.
 */
import type { UNetBlock, UNetConfig } from '../../engine/nets/unet-config.ts';

/** `height`, `width`: latents; `tokens`: of the prompt. Returns GFLOP. */
export function unetGflop(config: UNetConfig, height: number, width: number, tokens: number): number {
  const timeFeatures = 4 * channelsAt(config.down, 0);
  const conv = (area: number, from: number, to: number, kernel = 3): number => 2 * area * from * to * kernel * kernel;
  const linear = (rows: number, from: number, to: number): number => 2 * rows * from * to;

  const resnet = (area: number, from: number, to: number): number =>
    conv(area, from, to) +
    conv(area, to, to) +
    linear(1, timeFeatures, to) +
    (from === to ? 0 : conv(area, from, to, 1));

  const transformer = (area: number, channels: number, depth: number): number => {
    const self = 4 * linear(area, channels, channels) + 2 * linear(area, area, channels);
    const cross =
      2 * linear(area, channels, channels) +
      2 * linear(tokens, config.contextFeatures, channels) +
      2 * linear(area, tokens, channels);
    const feedForward = linear(area, channels, 8 * channels) + linear(area, 4 * channels, channels);
    return 2 * linear(area, channels, channels) + depth * (self + cross + feedForward);
  };

  let total =
    conv(height * width, config.inChannels, channelsAt(config.down, 0)) +
    conv(height * width, channelsAt(config.down, 0), config.outChannels);
  let area = height * width;
  let channels = channelsAt(config.down, 0);
  const skips = [channels];

  for (const block of config.down) {
    for (const depth of block.transformers) {
      total +=
        resnet(area, channels, block.channels) + (depth === undefined ? 0 : transformer(area, block.channels, depth));
      channels = block.channels;
      skips.push(channels);
    }
    if (block.resizes) {
      area /= 4;
      total += conv(area, channels, channels);
      skips.push(channels);
    }
  }
  if (config.mid.kind !== 'none') {
    total += resnet(area, channels, channels);
  }
  if (config.mid.kind === 'attention') {
    total += transformer(area, channels, config.mid.depth) + resnet(area, channels, channels);
  }
  for (const block of config.up) {
    for (const depth of block.transformers) {
      total +=
        resnet(area, channels + (skips.pop() ?? 0), block.channels) +
        (depth === undefined ? 0 : transformer(area, block.channels, depth));
      channels = block.channels;
    }
    if (block.resizes) {
      area *= 4;
      total += conv(area, channels, channels);
    }
  }
  return total / 1e9;
}

function channelsAt(blocks: readonly UNetBlock[], level: number): number {
  const block = blocks[level];
  if (block === undefined) {
    throw new RangeError(`a UNet config without level ${level}`);
  }
  return block.channels;
}
