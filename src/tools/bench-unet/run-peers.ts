/**
 * What a user would pick instead, timed over the same weights: runs peers.py with the Python that is given. Knows no
 * graph and no session of ours.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { UserError } from '../../core/errors.ts';

export type PeersInput = {
  /** Of a Python that has torch, diffusers and openvino. */
  readonly python: string;
  /** For the configuration and what a peer makes of the weights. */
  readonly folder: string;
  readonly weights: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Pixels. */
  readonly side: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
};

const results = z.record(z.string(), z.object({ seconds: z.number(), difference: z.number().optional() }).readonly());

/** By peer: seconds of one call, and how far it is from the same program's fp32 (relative L2) where it computes in less. */
export type Peers = Readonly<z.output<typeof results>>;

/** Says which are left out and why. Throws `UserError` `bench.python`. */
export async function runPeers(input: PeersInput): Promise<Peers> {
  const { python, folder, weights, config, side, rounds, say } = input;
  const configFile = join(folder, 'config.json');
  await writeFile(configFile, JSON.stringify(config));
  const script = join(packageFolder, 'src/tools/bench-unet/peers.py');
  try {
    const { stdout, stderr } = await promisify(execFile)(
      python,
      [script, configFile, weights, String(side), String(rounds)],
      { maxBuffer: 1 << 24 },
    );
    stderr
      .split('\n')
      .filter((line) => line.includes('left out'))
      .forEach(say);
    return results.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause);
    throw new UserError(
      'bench.python',
      `Expected ${python} to run torch and diffusers, but it failed (${reason}). Install them there (pip install torch diffusers openvino), or leave --python out.`,
      { cause },
    );
  }
}
