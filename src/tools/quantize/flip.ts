/** FLIP of kept pairs of pictures, by the Python that is given. Knows no model. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { UserError } from '../../core/errors.ts';

/** Of each pair in `folder`, in the order of their names: 0 for the same picture, 1 at most. Throws `UserError` `quantize.python`. */
export async function flipErrors(python: string, folder: string): Promise<readonly number[]> {
  const script = join(packageFolder, 'src/tools/quantize/flip.py');
  try {
    const { stdout } = await promisify(execFile)(python, [script, folder], { maxBuffer: 1 << 24 });
    return z.array(z.number()).parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause);
    throw new UserError(
      'quantize.python',
      `Expected ${python} to compare pictures with flip-evaluator, but it failed (${reason}). Install it there (pip install flip-evaluator), or leave --python out.`,
      { cause },
    );
  }
}
