/**
 * How long a call of the UNet takes by its rows, and how many rows are worth their wait: pure functions over a measured
 * curve. Knows no device and no file.
 */
import { z } from 'zod';

/** `stepMs`: rows in a call → milliseconds of the call, linear between the rows given; `source`: who measured it how. */
export const batchCurve = z.object({
  name: z.string(),
  source: z.string(),
  stepMs: z
    .record(z.string().regex(/^\d+$/), z.number().nonnegative())
    .refine((points) => Object.keys(points).length > 0, 'expected a point at least'),
});
export type BatchCurve = z.infer<typeof batchCurve>;

/** Of a model on a device at a size in pixels. */
export const measuredCurve = batchCurve.extend({
  /** As requests name it. */
  model: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
});
export type MeasuredCurve = z.infer<typeof measuredCurve>;

type Point = { readonly rows: number; readonly ms: number };

/** How much slower a row may be than in the best call: fewer rows end sooner, and what joins waits less. */
const NEAR_BEST = 1.1;

/** Milliseconds of a call with so many rows; beyond the last point it goes on as between the last two. */
export function callMs(curve: BatchCurve, rows: number): number {
  const points = pointsOf(curve);
  const at = points.findIndex((point) => point.rows >= rows);
  const right = points[at < 0 ? points.length - 1 : at];
  const left = points[at < 0 ? points.length - 2 : at - 1];
  if (right === undefined) {
    return 0;
  }
  if (left === undefined || right.rows === rows) {
    return right.ms;
  }
  return left.ms + ((right.ms - left.ms) * (rows - left.rows)) / (right.rows - left.rows);
}

/** The fewest measured rows whose time a row is nearly the best. */
export function rowsWorthTheirWait(curve: BatchCurve): number {
  const points = pointsOf(curve);
  const best = Math.min(...points.map(({ rows, ms }) => ms / rows));
  return points.find(({ rows, ms }) => ms / rows <= NEAR_BEST * best)?.rows ?? 1;
}

/**
 * For a model at a size: as its own curve says, or that of its nearest size, with fewer rows of larger pictures and more of
 * smaller ones; undefined where nobody measured the model.
 */
export function rowsMeasured(
  curves: readonly MeasuredCurve[],
  { model, width, height }: Pick<MeasuredCurve, 'model' | 'width' | 'height'>,
): number | undefined {
  const ratio = (curve: MeasuredCurve): number => (curve.width * curve.height) / (width * height);
  const [nearest] = curves
    .filter((curve) => curve.model === model)
    .toSorted((a, b) => Math.abs(Math.log(ratio(a))) - Math.abs(Math.log(ratio(b))));
  return nearest && Math.max(1, Math.floor(rowsWorthTheirWait(nearest) * ratio(nearest)));
}

function pointsOf({ stepMs }: BatchCurve): readonly Point[] {
  return Object.entries(stepMs)
    .map(([count, ms]) => ({ rows: Number(count), ms }))
    .toSorted((a, b) => a.rows - b.rows);
}
