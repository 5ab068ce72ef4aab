/** Whether a file is still the one it was, told without reading it. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

import { UserError } from '../../core/errors.ts';

/** What changes when a file is replaced or written to. Throws `UserError` `weights.missing`. */
export async function fileState(file: string): Promise<readonly number[]> {
  try {
    return stateOf(await stat(file));
  } catch (cause) {
    throw new UserError(
      'weights.missing',
      `There must be a weights file at "${file}", but it cannot be read; check the path and its permissions.`,
      { params: { file }, cause },
    );
  }
}

export function stateOf({ size, mtimeMs, ino }: Stats): readonly number[] {
  return [size, mtimeMs, ino];
}
