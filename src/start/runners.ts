/** The runners of this installation: a child process for each device, opening the engine with this data folder. */
import type { Config } from '../../config/load.ts';
import { openRunners, type OpenedRunners } from '../runner/open-runners.ts';
import { siblingModule } from '../runner/sibling-module.ts';

export function openLocalRunners(
  { dataFolder, deviceBytes }: Pick<Config, 'dataFolder'> & Partial<Pick<Config, 'deviceBytes'>>,
  devices: readonly string[],
  onRestart: (device: string, reason: string) => void,
): Promise<OpenedRunners> {
  return openRunners({
    devices,
    factory: siblingModule('engine-process', import.meta.url),
    factoryOptions: (device) => ({ device, dataFolder, startup: 'throughput', deviceBytes }),
    onRestart,
  });
}
