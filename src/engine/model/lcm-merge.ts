/**
 * A net with its acceleration LoRA in it: merged once into a cached file, or found there. Most accelerators leave the text
 * encoders alone.
 */
import type { Base } from '../../core/manifest.ts';
import {
  loraModules,
  matchLora,
  mergeLora,
  touchesNet,
  openAddProduct,
  openLora,
  type LoraNet,
  type OpenedAddProduct,
  type TensorSource,
} from '../weights/index.ts';

export type LcmMerge = {
  readonly base: Base;
  readonly net: LoraNet;
  readonly weights: TensorSource;
  /** Absolute path. */
  readonly lcmLora: string;
  readonly cacheDir: string;
};

/** Throws `UserError` (`lora.…`, `weights.…`) for a file that is no LoRA for this net. */
export async function mergedNet({ base, net, weights, lcmLora, cacheDir }: LcmMerge): Promise<TensorSource> {
  if (net !== 'unet' && !(await touchesNet(lcmLora, net))) {
    return weights;
  }
  // The multiplier is opened for the first product: where the merged file is found, there is none.
  let multiplier: Promise<OpenedAddProduct> | undefined;
  try {
    return await mergeLora({
      base: weights,
      file: lcmLora,
      match: async () =>
        matchLora(await openLora(lcmLora), {
          base,
          nets: { [net]: loraModules(weights) },
          weights: { [net]: weights },
        }),
      net,
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
