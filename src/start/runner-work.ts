/** `fourstep runner`: this machine draws for bots elsewhere, taking work from the Redis that RUNNERS names. */
import { join } from 'node:path';

import type { Config } from '../../config/load.ts';
import { UserError } from '../core/errors.ts';
import { FleetRunner } from '../runner/remote/serve.ts';
import { openLocalRunners } from './runners.ts';
import { createLog } from './log.ts';
import { untilStopped } from './until-stopped.ts';

const DRAIN_MS = 30_000;

export async function work(config: Config, print: (line: string) => void): Promise<void> {
  const url = config.devices.find((device) => /^rediss?:/.test(device));
  if (url === undefined) {
    throw new UserError(
      'runner.redis',
      'Expected RUNNERS to name the Redis to take work from, like RUNNERS=redis://host:6379,cpu; it names none.',
    );
  }
  const log = createLog(config.logLevel);
  const local = config.devices.filter((device) => device !== url);
  const { runner, slots, ready } = await openLocalRunners(
    config,
    local.length === 0 ? ['cpu'] : local,
    (device, reason) => log.warn({ device, reason }, 'a runner process was replaced'),
  );
  await ready();
  const fleet = new FleetRunner({ url, runner, slots, filesFolder: join(config.dataFolder, 'remote') });
  print(`drawing for ${new URL(url).host}; Ctrl-C stops after what runs`);
  await untilStopped();
  await fleet.close(DRAIN_MS);
  await runner.close(1000);
}
