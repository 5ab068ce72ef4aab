/**
 * What is asked of a device that learns a style: pictures with their words, and the model to learn it on. Plain data: the
 * same request learns the same style on any day, and goes on where it was cut off. Knows no server and no person.
 */
import { z } from 'zod';

import type { Parsed } from './parsed.ts';

const side = z.int().positive();

export const trainRequest = z.object({
  /** A catalog id. */
  model: z.string(),
  /** Of that model; undefined: not known. */
  fingerprint: z.string().optional(),
  /** What the style is called. */
  title: z.string(),
  /** The word that calls it; '' for none. */
  trigger: z.string(),
  /** Files are absolute; captions say what is seen, and the trigger is put to them. */
  pictures: z.array(z.object({ file: z.string(), caption: z.string() })),
  /** Pixels; multiples of what the model takes. */
  width: side,
  height: side,
  seed: z.int().nonnegative(),
  /** Steps of the first round; undefined: as many as the model's recipe says. */
  steps: z.int().positive().optional(),
  /** Each after the first goes on for half as many steps. */
  rounds: z.int().positive(),
  /** `2026-01-31` */
  date: z.string(),
});
export type TrainRequest = Parsed<typeof trainRequest>;
