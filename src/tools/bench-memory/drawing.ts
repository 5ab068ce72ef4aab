/** What a measurement of memory draws: the seam between the bench and its program. */
import { z } from 'zod';

import { PRECISIONS } from '../../core/request.ts';

export const drawing = z.object({
  /** Absolute: a diffusers folder. */
  model: z.string(),
  /** Absolute: the small stand-in for its autoencoder. */
  tinyVae: z.string(),
  cacheDir: z.string(),
  /** Pixels. */
  side: z.int().positive(),
  precision: z.enum(PRECISIONS),
  decoder: z.enum(['full', 'tiny']),
  startup: z.enum(['fast', 'throughput']),
});
export type Drawing = z.output<typeof drawing>;

/** Resident gigabytes at their most: before it opens a model, once the last step is done, once the picture is decoded. */
export const peaks = z.object({ before: z.number(), denoised: z.number(), drawn: z.number() });
export type Peaks = z.output<typeof peaks>;
