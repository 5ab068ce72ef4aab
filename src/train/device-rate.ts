/** How fast a device computes, measured before a training run, and how far its steps are cut by that. */
import { Conv, GraphBuilder, serialize } from '../engine/onnx/index.ts';
import { Session, type Device } from '../engine/ort/index.ts';
import type { StepGraph } from './step-graph.ts';
import { planStep, stepArithmetic, type StepPlan } from './step-plan.ts';

/** What somebody who wants the device waits for at most. */
const CALL_SECONDS = 5;
/** Multiplications a second that any device is good for: what is short by that is not measured. */
const LEAST_RATE = 5e9;
/** What a step gets out of a device, against a convolution at its best: attention, and what only moves numbers. */
const SHARE = 0.4;

const [CHANNELS, SIDE, KERNEL] = [320, 32, 3];
const CALLS = 4;

export type DeviceBounds = {
  readonly freeBytes: number;
  /** Of a monotonic clock. */
  readonly nowMs: () => number;
  readonly threads?: number | undefined;
};

/** Throws `UserError` `train.memory`. */
export async function planForDevice(
  step: StepGraph,
  { freeBytes, nowMs, threads }: DeviceBounds,
  device: Device = { kind: 'cpu' },
): Promise<StepPlan> {
  const isShort = stepArithmetic(step) <= CALL_SECONDS * LEAST_RATE;
  const rate = isShort
    ? Number.POSITIVE_INFINITY
    : await measureRate(nowMs, { device, ...(threads !== undefined && { threads }) });
  return planStep(step, { freeBytes, arithmetic: CALL_SECONDS * SHARE * rate });
}

/** Multiplications a second of a usual convolution, at its best. `nowMs`: of a monotonic clock. */
async function measureRate(
  nowMs: () => number,
  options: { readonly device: Device; readonly threads?: number },
): Promise<number> {
  const graph = new GraphBuilder('rate');
  const x = graph.input('x', 'f32', [1, CHANNELS, SIDE, SIDE]);
  const kernel = new Float32Array(CHANNELS ** 2 * KERNEL ** 2).fill(0.01);
  const w = graph.floats('w', kernel, [CHANNELS, CHANNELS, KERNEL, KERNEL]);
  graph.output('y', Conv(x, w, undefined, { pads: [1, 1, 1, 1] }));
  const session = await Session.create(serialize(graph.finish()), options);
  const feeds = { x: { data: new Float32Array(CHANNELS * SIDE ** 2).fill(1), shape: [1, CHANNELS, SIDE, SIDE] } };
  let bestMs = Number.POSITIVE_INFINITY;
  try {
    for (let call = 0; call < CALLS; call++) {
      const startedAt = nowMs();
      await session.run(feeds);
      bestMs = Math.min(bestMs, nowMs() - startedAt);
    }
  } finally {
    await session.release();
  }
  return (1000 * kernel.length * SIDE ** 2) / Math.max(bestMs, 1);
}
