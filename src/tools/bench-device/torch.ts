/** What torch does with the same weights on the same device: runs peer.py with the Python that is given. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { UserError } from '../../core/errors.ts';

const figures = z.object({
  torch: z.string(),
  device: z.string(),
  /** By number type, by rows. */
  unet: z.record(
    z.string(),
    z.record(
      z.string(),
      z.union([z.object({ medianMs: z.number(), bestMs: z.number() }), z.object({ error: z.string() })]),
    ),
  ),
  /** By rows: pictures a second of four steps and a decoding, in the last number type. */
  pictures: z.record(z.string(), z.number()),
});
export type TorchFigures = z.infer<typeof figures>;

/** One row's: what a call of one row answers, and what it was given. */
export type FirstCall = {
  readonly sample: Float32Array;
  readonly tokens: Float32Array;
  readonly pooled: Float32Array | undefined;
  readonly output: Float32Array;
  readonly timestep: number;
};

export type TorchInput = {
  readonly python: string;
  /** In diffusers layout. */
  readonly model: string;
  /** For what goes to and fro. */
  readonly folder: string;
  readonly first: FirstCall;
  readonly size: { readonly height: number; readonly width: number };
  readonly rows: readonly number[];
  /** As torch names it. */
  readonly device: 'cuda' | 'cpu';
  readonly seconds: number;
};

/** `difference`: of our answer from torch's in fp32. Throws `UserError` `bench.python`. */
export async function runTorch(
  input: TorchInput,
): Promise<{ readonly torch: TorchFigures; readonly difference: number }> {
  const { python, model, folder, first, size, rows, device, seconds } = input;
  await mkdir(folder, { recursive: true });
  const { sample, tokens, pooled, timestep, output } = first;
  await writeFile(path.join(folder, 'facts.json'), JSON.stringify({ timestep, ...size }));
  for (const [name, values] of Object.entries({ sample, tokens, ...(pooled && { pooled }) })) {
    await writeFile(path.join(folder, `${name}.f32`), bytesOf(values));
  }
  const script = path.join(packageFolder, 'src/tools/bench-device/peer.py');
  try {
    const given = [script, model, folder, rows.join(','), device, String(seconds)];
    const { stdout } = await promisify(execFile)(python, given, { maxBuffer: 1 << 24 });
    const reference = new Float32Array(Uint8Array.from(await readFile(path.join(folder, 'reference.f32'))).buffer);
    return {
      torch: figures.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')),
      difference: relativeL2(output, reference),
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause);
    throw new UserError(
      'bench.python',
      `Expected ${python} to run torch and diffusers on ${device}, but it failed (${reason}). Install them there (pip install torch diffusers), or leave --python out.`,
      { cause },
    );
  }
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** ‖a − b‖ / ‖b‖ */
function relativeL2(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (const [k, expected] of b.entries()) {
    difference += ((a[k] ?? Number.NaN) - expected) ** 2;
    norm += expected ** 2;
  }
  return Math.sqrt(difference / norm);
}
