/** `fourstep bench device` as the command line calls it. */
import type { Config } from '../../../config/load.ts';
import type { BenchDeviceOptions } from '../../adapters/cli/actions.ts';
import { benchDevice } from './bench-device.ts';
import { printReport } from './print.ts';

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

export async function run(config: Config, options: BenchDeviceOptions, { print, warn }: Streams): Promise<void> {
  const report = await benchDevice(config, options, { say: warn });
  if (options.json === true) {
    print(JSON.stringify(report));
  } else {
    printReport(report).forEach(print);
  }
}
