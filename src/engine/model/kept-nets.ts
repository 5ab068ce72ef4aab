/** The nets that a model hands over to the same model with another accelerator. */
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
