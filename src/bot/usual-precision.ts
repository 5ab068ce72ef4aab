/**
 * What a model is drawn in where a request does not say: what the operator says, else the model, else `auto`: 8 bits where
 * all that may draw gain by them and the model is large enough to. Pure; what models and devices are like comes in.
 */
import type { PrecisionWish } from '../core/manifest.ts';
import type { GenerationRequest } from '../core/request.ts';

/** Of a UNet's weights on the disk: SD 1.5 has 1.7 GB in half precision, moji 27 MB, whose call takes milliseconds. */
const LEAST_BYTES = 400e6;

export type PrecisionFacts = {
  /** PRECISION. */
  readonly operator: PrecisionWish | undefined;
  readonly manifest: PrecisionWish | undefined;
  /** Of all that may draw. */
  readonly prefersEightBits: boolean;
  /** Of the model's UNet. */
  readonly bytes: number;
};

export function usualPrecision({
  operator,
  manifest,
  prefersEightBits,
  bytes,
}: PrecisionFacts): GenerationRequest['precision'] {
  const wish = operator === undefined || operator === 'auto' ? manifest : operator;
  if (wish === 'fp32' || wish === 'int8') {
    return wish;
  }
  return prefersEightBits && bytes >= LEAST_BYTES ? 'int8' : 'fp32';
}

/** Whether all of these devices of one machine gain by 8 bits: processors with instructions for them. */
export function preferEightBits(devices: readonly string[], instructions: string | undefined): boolean {
  return devices.every((device) => device === 'cpu' && instructions !== undefined);
}
