/** The command line's picture to start from, and its mask. */
import { resolve } from 'node:path';

import type { ImagineOptions } from '../adapters/cli/actions.ts';
import { UserError } from '../core/errors.ts';
import type { Mask } from '../core/request.ts';

/** The picture to start from and what of it is drawn anew. Throws `UserError` `usage.…` for what says something of none. */
export function startFrom({
  init,
  image = init,
  mask,
  strength,
}: ImagineOptions): { readonly file: string; readonly mask: Mask | undefined } | undefined {
  if (init !== undefined && image !== init) {
    throw new UserError('usage.init', 'Expected one picture to start from, got --init and --image. Leave one out.');
  }
  if (image === undefined && (strength !== undefined || mask !== undefined)) {
    const [option, code] = strength === undefined ? ['--mask', 'usage.mask'] : ['--strength', 'usage.strength'];
    throw new UserError(code, `Expected ${option} together with --init FILE, got it alone. Add --init.`);
  }
  return image === undefined
    ? undefined
    : { file: resolve(image), mask: mask === undefined ? undefined : { file: resolve(mask) } };
}
