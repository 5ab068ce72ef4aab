/**
 * What a LoRA can be applied to: a net's linear layers and convolutions, known by name and by the shape of `weight`.
 */
import type { TensorSource } from '../tensor-source.ts';
import { infosOf } from '../tensor-table.ts';

export type LoraModule = {
  /** The weight's name without `.weight`. */
  readonly module: string;
  /** [out, in] or [out, in, kh, kw]. */
  readonly shape: readonly number[];
};

/** Every module of a net that has a matrix or a convolution kernel; embeddings are no layers. */
export function loraModules(source: TensorSource): readonly LoraModule[] {
  return infosOf(source).flatMap(({ name, shape }) =>
    name.endsWith('.weight') && !name.includes('_embedding.weight') && (shape.length === 2 || shape.length === 4)
      ? [{ module: name.slice(0, -'.weight'.length), shape }]
      : [],
  );
}

/** A layer that a graph can take a LoRA for at run time; a 1×1 convolution is a matrix too. */
export type LoraTarget = {
  readonly module: string;
  readonly kind: 'linear' | 'conv';
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernel: readonly [height: number, width: number];
};

export function moduleOfTarget({ module, kind, inFeatures, outFeatures, kernel }: LoraTarget): LoraModule {
  return { module, shape: kind === 'linear' ? [outFeatures, inFeatures] : [outFeatures, inFeatures, ...kernel] };
}
