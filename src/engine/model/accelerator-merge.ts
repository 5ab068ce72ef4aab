/**
 * A net with its accelerator in it: merged once into a cached file, or found there. Most accelerators leave the text
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

/** A LoRA that makes the model quick. */
export type AcceleratorFile = {
  /** Absolute path. */
  readonly file: string;
  /** λ_lcm of the paper. */
  readonly weight: number;
};

export type AcceleratorMerge = {
  readonly base: Base;
  readonly net: LoraNet;
  readonly weights: TensorSource;
  readonly accelerator: AcceleratorFile;
  readonly cacheDir: string;
};

/** Throws `UserError` (`lora.…`, `weights.…`) for a file that is no LoRA for this net. */
export async function mergedNet({
  base,
  net,
  weights,
  accelerator,
  cacheDir,
}: AcceleratorMerge): Promise<TensorSource> {
  const { file, weight } = accelerator;
  if (net !== 'unet' && !(await touchesNet(file, net))) {
    return weights;
  }
  // The multiplier is opened for the first product: where the merged file is found, there is none.
  let multiplier: Promise<OpenedAddProduct> | undefined;
  try {
    return await mergeLora({
      base: weights,
      file,
      match: async () =>
        matchLora(await openLora(file), {
          base,
          nets: { [net]: loraModules(weights) },
          weights: { [net]: weights },
        }),
      net,
      weight,
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

/** Whether the accelerator changes one of these nets. */
export async function touchesNets({ file }: AcceleratorFile, nets: readonly LoraNet[]): Promise<boolean> {
  const touched = await Promise.all(nets.map((net) => touchesNet(file, net)));
  return touched.includes(true);
}
