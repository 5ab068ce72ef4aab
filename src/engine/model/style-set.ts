/**
 * The LoRAs of one request, read and folded into the arrays that a graph's LoRA inputs take, for one net.
 *
 * Several LoRAs become one by stacking their ranks; weight and alpha/rank are folded into `up` (linear layers) or into
 * the gate (convolutions). What is stored is one row of a call; `style-feeds.ts` joins rows. Knows no session.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { LoraTarget } from '../nets/index.ts';

/** One LoRA's matrices at one module. */
export type Factor = {
  readonly rank: number;
  /** [rank, in·kh·kw] */
  readonly down: Float32Array;
  /** [out, rank] */
  readonly up: Float32Array;
  /** Weight · alpha / rank. */
  readonly scale: number;
};

/** One module's part of a style, as inputs of the graph for a single row. */
export type StylePart = {
  /** Padded to a bucket, never 0. */
  readonly rank: number;
  /** linear: [in, rank]; conv: [rank, in, kh, kw] */
  readonly down: Float32Array<ArrayBuffer>;
  /** linear: [rank, out]; conv: [out, rank] */
  readonly up: Float32Array<ArrayBuffer>;
  /** conv: [rank]; linear layers have the scale in `up`. */
  readonly gate: Float32Array<ArrayBuffer> | undefined;
};

/** By module. */
export type NetStyle = ReadonlyMap<string, StylePart>;

/** A style's parts for each text encoder, in their order; `key` is equal for equal parts. */
export type TextStyle = { readonly key: string; readonly parts: readonly NetStyle[] };

/**
 * Which of a UNet's modules take a LoRA: none; those of the transformers, which is what ordinary styles touch; every
 * matrix; every layer. Fixed sets, so that different styles share a graph.
 */
export const UNET_VARIANTS = ['plain', 'transformers', 'linear', 'all'] as const;
export type UNetVariant = (typeof UNET_VARIANTS)[number];

/** What the person should know about a LoRA that was only partly understood. */
export type StyleNotice = {
  readonly code: string;
  readonly sentence: string;
  readonly params: Readonly<Record<string, string | number>>;
};

/** The LoRAs of a request, ready for a model's graphs. */
export type StyleSet = {
  /** Equal for equal LoRAs at equal weights. */
  readonly key: string;
  /** Which graph they need; rows of one call share it. */
  readonly variant: UNetVariant;
  readonly unet: NetStyle;
  readonly text: TextStyle;
  readonly notices: readonly StyleNotice[];
};

export const NO_STYLE: StyleSet = {
  key: '',
  variant: 'plain',
  unet: new Map(),
  text: { key: '', parts: [] },
  notices: [],
};

/** Ranks are padded so that few different shapes reach the device. */
export function rankBucket(rank: number): number {
  const bucket = [4, 8, 16, 32].find((size) => rank <= size);
  return bucket ?? Math.ceil(rank / 32) * 32;
}

/** Stacks the factors of all LoRAs at `target`. */
export function stylePart(target: LoraTarget, factors: readonly Factor[]): StylePart {
  const rank = rankBucket(factors.reduce((total, factor) => total + factor.rank, 0));
  return target.kind === 'linear' ? linearPart(target, factors, rank) : convPart(target, factors, rank);
}

/** What a row brings to a module that its styles leave alone. */
export function emptyPart(target: LoraTarget): StylePart {
  return {
    rank: 1,
    down: new Float32Array(target.inFeatures * target.kernel[0] * target.kernel[1]),
    up: new Float32Array(target.outFeatures),
    gate: target.kind === 'conv' ? new Float32Array(1) : undefined,
  };
}

function linearPart({ inFeatures, outFeatures }: LoraTarget, factors: readonly Factor[], rank: number): StylePart {
  const down = new Float32Array(inFeatures * rank);
  const up = new Float32Array(rank * outFeatures);
  let first = 0;
  for (const factor of factors) {
    for (let k = 0; k < factor.rank; k++) {
      for (let i = 0; i < inFeatures; i++) {
        down[i * rank + first + k] = factor.down[k * inFeatures + i]!;
      }
      for (let o = 0; o < outFeatures; o++) {
        up[(first + k) * outFeatures + o] = factor.scale * factor.up[o * factor.rank + k]!;
      }
    }
    first += factor.rank;
  }
  return { rank, down, up, gate: undefined };
}

function convPart(
  { inFeatures, outFeatures, kernel }: LoraTarget,
  factors: readonly Factor[],
  rank: number,
): StylePart {
  const taps = inFeatures * kernel[0] * kernel[1];
  const down = new Float32Array(rank * taps);
  const up = new Float32Array(outFeatures * rank);
  const gate = new Float32Array(rank);
  let first = 0;
  for (const factor of factors) {
    down.set(factor.down, first * taps);
    gate.fill(factor.scale, first, first + factor.rank);
    for (let o = 0; o < outFeatures; o++) {
      up.set(factor.up.subarray(o * factor.rank, (o + 1) * factor.rank), o * rank + first);
    }
    first += factor.rank;
  }
  return { rank, down, up, gate };
}

/** In bytes. */
export function styleBytes(style: NetStyle): number {
  let floats = 0;
  for (const { down, up } of style.values()) {
    floats += down.length + up.length;
  }
  return floats * Float32Array.BYTES_PER_ELEMENT;
}
