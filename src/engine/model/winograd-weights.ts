/**
 * A UNet's weights with the transformed kernels that its graph wants: made once into a cached file, or found there.
 */
import { buildUNet, NO_WEIGHTS, winogradKernels, type BuildOptions, type UNetConfig } from '../nets/index.ts';
import { withWinogradKernels, type TensorSource } from '../weights/index.ts';

/** `weights` themselves where `build` asks for direct convolutions, or where no convolution of the net gains. */
export async function withUNetKernels(
  config: UNetConfig,
  weights: TensorSource,
  build: BuildOptions,
  cacheDir: string,
): Promise<TensorSource> {
  return withWinogradKernels(weights, winogradKernels(buildUNet(config, NO_WEIGHTS, build)), cacheDir);
}
