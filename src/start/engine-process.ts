/** What a device's child process opens: the engine, and training below it, from the plain options its parent sent. */
import { z } from 'zod';

import type { Runner } from '../core/work.ts';
import { TrainingRunner } from '../train/training-runner.ts';
import { openEngine, parseDevice } from './open-engine.ts';

const optionsSchema = z.object({
  device: z.string(),
  dataFolder: z.string(),
  startup: z.enum(['fast', 'throughput']),
  deviceBytes: z.number().positive().optional(),
});

/** Throws `UserError` `device.missing` now, not at the first picture, where the machine lacks the device or it does not open. */
export async function createRunner(options: unknown): Promise<Runner> {
  const opened = optionsSchema.parse(options);
  return new TrainingRunner({
    drawing: await openEngine(opened),
    train: async function* (request, turn) {
      // Loaded where a style is to be learnt: without one the device opens sooner.
      const { learnAsWork } = await import('./learn-style.ts');
      const on = { device: parseDevice(opened.device), bytes: opened.deviceBytes };
      yield* learnAsWork({ dataFolder: opened.dataFolder, on }, request, turn);
    },
    nowMs: () => performance.now(),
  });
}
