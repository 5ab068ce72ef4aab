/** The same step by torch, diffusers and peft, in a process of its own (peers.py). */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { UserError } from '../../core/errors.ts';

/** What one update costs: CPU seconds, and the most of memory, in 10⁶ bytes. */
export type Step = { readonly cpuSeconds: number; readonly peakMb: number };

type PeerInput = {
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: string;
  readonly modules: readonly string[];
  readonly form: string;
  readonly rows: number;
  readonly height: number;
  readonly tokens: number;
  readonly rank: number;
  readonly rounds: number;
};

/** Throws `UserError` `bench.python`. */
export async function peer(python: string, input: PeerInput): Promise<Step> {
  const { folder, config, weights, modules, form, rows, height, tokens, rank, rounds } = input;
  const [configFile, modulesFile] = [join(folder, 'config.json'), join(folder, 'modules.json')];
  await writeFile(configFile, JSON.stringify(config));
  await writeFile(modulesFile, JSON.stringify(modules));
  const script = join(packageFolder, 'src/tools/bench-train/peers.py');
  const numbers = [rows, height, tokens, rank, rounds].map(String);
  try {
    const { stdout } = await promisify(execFile)(python, [script, configFile, weights, modulesFile, ...numbers, form], {
      maxBuffer: 1 << 24,
    });
    const last = stdout.trim().split('\n').at(-1) ?? '';
    return z.object({ cpuSeconds: z.number(), peakMb: z.number() }).parse(JSON.parse(last));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause);
    throw new UserError(
      'bench.python',
      `Expected ${python} to run torch, diffusers and peft, but it failed (${reason}). Install them there (pip install torch diffusers peft), or leave --python out.`,
      { cause },
    );
  }
}
