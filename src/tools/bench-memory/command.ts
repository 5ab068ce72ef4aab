/**
 * `fourstep bench memory`: what a picture takes of a processor's memory, mapped weights included, with random weights of a
 * published model's size. A first drawing makes the files that later ones find; the second is what a user of a bot has.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { BenchMemoryOptions, Streams } from '../../adapters/cli/actions.ts';
import { siblingModule } from '../../runner/sibling-module.ts';
import { writeRandomModel } from '../bench-device/random-model.ts';
import { peaks, type Drawing, type Peaks } from './drawing.ts';

export async function run(
  { arch, precision, decoder, startup, size, json }: BenchMemoryOptions,
  { print, warn }: Streams,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-memory-'));
  try {
    warn(`writing random weights of ${arch} …`);
    const model = join(folder, 'model');
    const { side } = await writeRandomModel(arch, model);
    const drawing: Drawing = {
      model,
      tinyVae: join(model, 'taesd'),
      cacheDir: join(folder, 'cache'),
      side: size?.width ?? side,
      precision,
      decoder,
      startup,
    };
    warn('drawing, which makes what later drawings find …');
    const first = await peaksOf(drawing);
    warn('drawing again …');
    const again = await peaksOf(drawing);
    const report = { arch, side: drawing.side, precision, decoder, startup, first, again };
    const gb = (value: number): string => value.toFixed(2);
    print(
      json === true
        ? JSON.stringify(report)
        : `${arch} at ${drawing.side}² in ${precision}, ${decoder} decoder: ${gb(again.drawn)} GB resident at most; ${gb(again.denoised)} when the last step was done, ${gb(first.drawn)} in the first drawing of all`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own. */
async function peaksOf(drawing: Drawing): Promise<Peaks> {
  const program = fileURLToPath(siblingModule('draw-child', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(drawing)]);
  return peaks.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}
