/**
 * A training run on the disk: the step it has done and everything it goes on from, in one safetensors file that appears
 * whole or not at all. A file of another run (other pictures, recipe, base or seed) counts as none.
 */
import { rm } from 'node:fs/promises';

import { z } from 'zod';

import { CancelledError, UserError } from '../core/errors.ts';
import { openSafetensors, writeSafetensors } from '../engine/weights/index.ts';
import { lossScaleState } from './loss-scale.ts';
import type { MovingAverage } from './moving-average.ts';
import type { Trainer } from './trainer.ts';

const VERSION = 1;
const note = z.object({
  version: z.literal(VERSION),
  run: z.string(),
  step: z.number().int().nonnegative(),
  /** Of a run in halves. */
  lossScale: lossScaleState.optional(),
});
const KEY = 'fourstep_training';

/** Parts of a parameter's state by their names in the file. */
function statesOf(
  { parameters, optimiser, average }: Trainer,
  target: MovingAverage | undefined,
): ReadonlyMap<string, Float32Array<ArrayBuffer>> {
  return new Map(
    parameters.flatMap(({ name, values }) => {
      const { first, second } = optimiser.moments(name, values.length);
      return [
        [name, values],
        [`${name} first moment`, first],
        [`${name} second moment`, second],
        [`${name} average`, average.of(name, values)],
        ...(target === undefined ? [] : ([[`${name} target`, target.of(name, values)]] as const)),
      ] as const;
    }),
  );
}

/** `run` names everything that the run depends on; `target`: a slow copy that is part of it. Throws `UserError` `weights.unwritable`. */
export async function saveCheckpoint(
  file: string,
  trainer: Trainer,
  run: string,
  step: number,
  target?: MovingAverage,
): Promise<void> {
  const tensors = [...statesOf(trainer, target)].map(([name, data]) => ({
    name,
    dtype: 'F32' as const,
    shape: [data.length],
    parts: async function* () {
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    },
  }));
  await writeSafetensors(file, tensors, {
    [KEY]: JSON.stringify({ version: VERSION, run, step, lossScale: trainer.lossScale?.state }),
  });
}

/** Restores a run and tells the step it had done; 0, and nothing is changed, where there is no such run. */
export async function resumeCheckpoint(
  file: string,
  trainer: Trainer,
  run: string,
  target?: MovingAverage,
): Promise<number> {
  const opened = await openSafetensors(file).catch((error: unknown) => {
    if (error instanceof UserError) {
      return undefined;
    }
    throw error;
  });
  const text = opened?.metadata.get(KEY);
  const parsed = note.safeParse(text === undefined ? undefined : JSON.parse(text));
  const states = statesOf(trainer, target);
  if (opened === undefined || !parsed.success || parsed.data.run !== run) {
    return 0;
  }
  const { tensors } = opened;
  if ([...states].some(([name, data]) => tensors.get(name)?.shape[0] !== data.length)) {
    return 0;
  }
  for (const [name, data] of states) {
    data.set(await tensors.readFloats(name));
  }
  if (parsed.data.lossScale !== undefined) {
    trainer.lossScale?.restore(parsed.data.lossScale);
  }
  return parsed.data.step;
}

/** What `step` gives; where it is cancelled before it changed anything, `save` keeps the run as it was. */
export async function keptOnCancel<Result>(step: () => Promise<Result>, save: () => Promise<void>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof CancelledError) {
      await save();
    }
    throw error;
  }
}

export async function forgetCheckpoint(file: string): Promise<void> {
  await rm(file, { force: true });
}
