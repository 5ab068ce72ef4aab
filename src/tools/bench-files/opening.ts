/** Peak memory of opening each kind of checkpoint at full size, each in a process of its own. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { z } from 'zod';

import { modelsFolder } from '../../../config/paths.ts';
import { siblingModule } from '../../runner/sibling-module.ts';
import { CHECKPOINT_KINDS, type CheckpointKind } from './checkpoint-kinds.ts';

/** Resident megabytes at their most. */
const peaks = z.object({ before: z.number(), opened: z.number(), drawn: z.number() });
export type OpeningReport = { readonly name: string; readonly peakMb: z.infer<typeof peaks> };

export async function* measureOpening(): AsyncGenerator<OpeningReport, void, undefined> {
  for (const kind of CHECKPOINT_KINDS) {
    yield { name: kind.name, peakMb: await peaksOf(kind) };
  }
}

async function peaksOf({ write }: CheckpointKind): Promise<z.infer<typeof peaks>> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-bench-files-'));
  try {
    const place = join(folder, 'model');
    await mkdir(place);
    const { model, vae } = await write(place);
    await symlink(join(modelsFolder, 'clip'), join(place, 'tokenizer'));
    const program = fileURLToPath(siblingModule('open-child', import.meta.url));
    const files = [model, join(folder, 'cache'), ...(vae === undefined ? [] : [vae])];
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...files]);
    return peaks.parse(JSON.parse(stdout));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
