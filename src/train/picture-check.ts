/** What pictures a style can be learnt from: enough of them, none twice, none too small. Pure. */
import { createHash } from 'node:crypto';

import { UserError } from '../core/errors.ts';

export const FEWEST_PICTURES = 5;
export const MOST_PICTURES = 20;
/** A side may be enlarged this much; beyond it softness would be learnt. */
const MOST_ENLARGED = 1.5;

export type GivenPicture = {
  /** For messages. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
};

/** Throws `UserError` `train.few`, `train.many`, `train.small` or `train.twice`. */
export function checkPictures(
  pictures: readonly GivenPicture[],
  size: { readonly width: number; readonly height: number },
): void {
  const count = pictures.length;
  if (count < FEWEST_PICTURES || count > MOST_PICTURES) {
    throw new UserError(
      count < FEWEST_PICTURES ? 'train.few' : 'train.many',
      `Expected ${FEWEST_PICTURES} to ${MOST_PICTURES} pictures, got ${count}; ${count < FEWEST_PICTURES ? 'add some of the same kind' : 'leave the weakest out'}.`,
      { params: { count, fewest: FEWEST_PICTURES, most: MOST_PICTURES } },
    );
  }
  const least = Math.ceil(Math.min(size.width, size.height) / MOST_ENLARGED);
  const seen = new Map<string, string>();
  for (const { name, width, height, data } of pictures) {
    if (Math.min(width, height) < least) {
      throw new UserError(
        'train.small',
        `Expected pictures of at least ${least} pixels a side, got ${name} of ${width} × ${height}; take a larger one.`,
        { params: { least, name, width, height } },
      );
    }
    const digest = createHash('sha256').update(`${width}x${height}`).update(data).digest('hex');
    const other = seen.get(digest);
    if (other !== undefined) {
      throw new UserError('train.twice', `Expected different pictures, got ${other} and ${name}; leave one out.`, {
        params: { first: other, second: name },
      });
    }
    seen.set(digest, name);
  }
}
