/** `fourstep runner`: this machine draws for bots elsewhere, taking work from the Redis that RUNNERS names. */
import { join } from 'node:path';

import type { Config } from '../../config/load.ts';
import type { Print } from '../adapters/cli/actions.ts';
import { preferEightBits } from '../bot/usual-precision.ts';
import { UserError } from '../core/errors.ts';
import { eightBitInstructions } from '../engine/ort/index.ts';
import { isRemote } from '../runner/open-runners.ts';
import { RemoteWorker } from '../runner/remote/worker.ts';
import { openLocalRunners } from './runners.ts';
import { createLog } from './log.ts';
import { untilStopped } from './stop-on-signal.ts';

const DRAIN_MS = 30_000;

export async function work(config: Config, print: Print): Promise<void> {
  const url = config.devices.find(isRemote);
  if (url === undefined) {
    throw new UserError(
      'runner.redis',
      'Expected RUNNERS to name the Redis to take work from, like RUNNERS=redis://host:6379,cpu; it names none.',
    );
  }
  const log = createLog(config.logLevel);
  const local = config.devices.filter((device) => device !== url);
  const devices = local.length === 0 ? ['cpu'] : local;
  const instructions = eightBitInstructions();
  const draws = instructions !== undefined || devices.some((device) => device !== 'cpu');
  const eightBits = preferEightBits(devices, instructions) ? 'prefers' : draws ? 'draws' : 'none';
  const { runner, slots, ready } = await openLocalRunners(config, devices, (device, reason) =>
    log.warn({ device, reason }, 'a runner process was replaced'),
  );
  const { host } = new URL(url);
  let said = '';
  const onFault = ({ message }: Error): void => {
    if (message !== said) {
      log.warn({ host, reason: message }, 'the Redis cannot be used; trying again');
    }
    said = message;
  };
  try {
    await ready();
    const stopped = untilStopped();
    const filesFolder = join(config.dataFolder, 'remote');
    const worker = new RemoteWorker({ url, runner, slots, eightBits, filesFolder, onFault });
    const drawing = worker.ready().then(() => print(`drawing for ${host}; Ctrl-C stops after what runs`));
    await Promise.race([stopped, drawing]);
    await stopped;
    await worker.close(DRAIN_MS);
  } finally {
    await runner.close(1000);
  }
}
