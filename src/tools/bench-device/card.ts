/** What a card calls itself, for reports; undefined where no driver says it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Device } from '../../engine/index.ts';

export async function cardName(device: Device): Promise<string | undefined> {
  if (device.kind === 'cpu') {
    return undefined;
  }
  const number = 'deviceId' in device ? device.deviceId : 0;
  const query = [`--id=${number}`, '--query-gpu=name,driver_version', '--format=csv,noheader'];
  return promisify(execFile)('nvidia-smi', query, { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined, // no such program, or no card
  );
}
