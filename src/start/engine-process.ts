/** What a device's child process opens: the engine, from the plain options its parent sent. */
import { z } from 'zod';

import type { Runner } from '../core/work.ts';
import { openEngine } from './open-engine.ts';

const optionsSchema = z.object({ device: z.string(), dataFolder: z.string(), startup: z.enum(['fast', 'throughput']) });

/** Throws `UserError` `device.missing` now, not at the first picture, where the machine lacks the device or it does not open. */
export async function createRunner(options: unknown): Promise<Runner> {
  return openEngine(optionsSchema.parse(options));
}
