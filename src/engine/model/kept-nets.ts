/** The nets that a model hands over to the same model with another accelerator, or in another precision. */
import type { Decoders } from './decoders.ts';
import type { TextEncoder } from './text-encoder.ts';

export type KeptNets = {
  readonly encoders: readonly TextEncoder[];
  /** An accelerator is merged into its text encoders too. */
  readonly acceleratesText: boolean;
  readonly autoencoder: Decoders;
};

export async function releaseAll(nets: readonly (TextEncoder | Decoders)[]): Promise<void> {
  await Promise.all(nets.map(async (net) => net.release()));
}

/** The autoencoder of a model that handed it over, where it decodes in `precision`; freed where it does not. */
export async function keptDecoders(
  kept: KeptNets | undefined,
  precision: Decoders['precision'],
): Promise<Decoders | undefined> {
  if (kept === undefined || kept.autoencoder.precision === precision) {
    return kept?.autoencoder;
  }
  await kept.autoencoder.release();
  return undefined;
}
