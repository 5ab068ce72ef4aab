/** `fourstep bench unet` as the command line calls it. */
import type { BenchUnetOptions } from '../../adapters/cli/actions.ts';
import { benchUnet } from './bench-unet.ts';
import { renderBenchUnet } from './render.ts';

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

export async function run(
  { arch, precision, size, python, json }: BenchUnetOptions,
  { print, warn }: Streams,
): Promise<void> {
  const report = await benchUnet({ arch, precision, side: size?.width, python, say: warn });
  print(json === true ? JSON.stringify(report) : renderBenchUnet(report));
}
