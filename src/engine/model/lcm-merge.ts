/**
 * A UNet with its acceleration LoRA in it: merged once into a cached file, or found there.
 */
import type { Base } from '../../core/manifest.ts';
import {
  loraModules,
  matchLora,
  mergeLora,
  openAddProduct,
  openLora,
  type OpenedAddProduct,
  type TensorSource,
} from '../weights/index.ts';

export type LcmMerge = {
  readonly base: Base;
  readonly weights: TensorSource;
  /** Absolute path. */
  readonly lcmLora: string;
  readonly cacheDir: string;
};

/** Throws `UserError` (`lora.…`, `weights.…`) for a file that is no LoRA for this UNet. */
export async function mergedUNet({ base, weights, lcmLora, cacheDir }: LcmMerge): Promise<TensorSource> {
  // The multiplier is opened for the first product: where the merged file is found, there is none.
  let multiplier: Promise<OpenedAddProduct> | undefined;
  try {
    return await mergeLora({
      base: weights,
      file: lcmLora,
      match: async () => matchLora(await openLora(lcmLora), { base, nets: { unet: loraModules(weights) } }),
      net: 'unet',
      weight: 1,
      cacheDir,
      addProduct: async (product) => {
        multiplier ??= openAddProduct();
        return (await multiplier).addProduct(product);
      },
    });
  } finally {
    await (await multiplier)?.release();
  }
}
