/**
 * What is asked of a device that learns a style: pictures with their words, and the model to learn it on. Plain data: the
 * same request learns the same style on any day, and goes on where it was cut off. Knows no server and no person.
 */
import { z } from 'zod';

import type { Fingerprint } from './request.ts';

export type TrainRequest = {
  /** A catalog id. */
  readonly model: string;
  /** Of that model; undefined: not known. */
  readonly fingerprint: Fingerprint | undefined;
  /** What the style is called. */
  readonly title: string;
  /** The word that calls it; '' for none. */
  readonly trigger: string;
  readonly pictures: readonly {
    /** Absolute. */
    readonly file: string;
    /** What is seen, in words; the trigger is put to it. */
    readonly caption: string;
  }[];
  /** Pixels; multiples of what the model takes. */
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  /** Steps of the first round; undefined: as many as the model's recipe says. */
  readonly steps: number | undefined;
  /** Each after the first goes on for half as many steps. */
  readonly rounds: number;
  /** `2026-01-31` */
  readonly date: string;
};

const side = z.int().positive();

export const trainRequest: z.ZodType<TrainRequest> = z
  .object({
    model: z.string(),
    fingerprint: z.string().optional(),
    title: z.string(),
    trigger: z.string(),
    pictures: z.array(z.object({ file: z.string(), caption: z.string() })),
    width: side,
    height: side,
    seed: z.int().nonnegative(),
    steps: z.int().positive().optional(),
    rounds: z.int().positive(),
    date: z.string(),
  })
  .transform(({ fingerprint, steps, ...request }) => ({ ...request, fingerprint, steps }));
