/**
 * A net's weights with the transformed kernels that its graph wants: made once into a cached file, or found there. They
 * are the weights themselves where `build` asks for direct convolutions, or where no convolution of the net gains.
 */
import {
  buildKLDecoder,
  buildUNet,
  NO_WEIGHTS,
  winogradKernels,
  type BuildOptions,
  type UNetConfig,
} from '../nets/index.ts';
import { withWinogradKernels, type TensorSource } from '../weights/index.ts';
import type { AutoencoderConfig } from './autoencoder.ts';

export async function withUNetKernels(
  config: UNetConfig,
  weights: TensorSource,
  build: BuildOptions,
  cacheDir: string,
): Promise<TensorSource> {
  return build.convolutions === 'winograd'
    ? withWinogradKernels(weights, winogradKernels(buildUNet(config, NO_WEIGHTS, build)), cacheDir)
    : weights;
}

/** For what every picture goes through; pictures to start from are rarer, and encoded by direct convolutions. */
export async function withDecoderKernels(
  config: AutoencoderConfig,
  weights: TensorSource,
  build: BuildOptions,
  cacheDir: string,
): Promise<TensorSource> {
  return build.convolutions === 'winograd' && config.kind === 'AutoencoderKL'
    ? withWinogradKernels(weights, winogradKernels(buildKLDecoder(config, NO_WEIGHTS, build)), cacheDir)
    : weights;
}
