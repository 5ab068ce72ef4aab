/** What pictures a style can be learnt from: enough of them, none twice, none too small. Pure; knows no file. */
import { UserError } from './errors.ts';

export const FEWEST_PICTURES = 5;
export const MOST_PICTURES = 20;
/** A side may be enlarged this much; beyond it softness would be learnt. */
const MOST_ENLARGED = 1.5;

type Size = { readonly width: number; readonly height: number };

export type GivenPicture = Size & {
  /** For messages. */
  readonly name: string;
  /** Names what is seen: the same in two pictures, they are one. */
  readonly digest: string;
};

/** Throws `UserError` `train.few`, `train.many`, `train.small` or `train.twice`. */
export function checkPictures(pictures: readonly GivenPicture[], size: Size): void {
  requireEnough(pictures.length);
  pictures.forEach((picture, at) => checkPicture(picture, pictures.slice(0, at), size));
}

/** One more beside others. Throws `UserError` `train.many`, `train.small` or `train.twice`. */
export function checkPicture(
  { name, width, height, digest }: GivenPicture,
  others: readonly GivenPicture[],
  size: Size,
): void {
  if (others.length >= MOST_PICTURES) {
    throw tooMany(others.length + 1);
  }
  const least = Math.ceil(Math.min(size.width, size.height) / MOST_ENLARGED);
  if (Math.min(width, height) < least) {
    throw new UserError(
      'train.small',
      `Expected pictures of at least ${least} pixels a side, got ${name} of ${width} × ${height}; take a larger one.`,
      { params: { least, name, width, height } },
    );
  }
  const first = others.find((other) => other.digest === digest)?.name;
  if (first !== undefined) {
    throw new UserError('train.twice', `Expected different pictures, got ${first} and ${name}; leave one out.`, {
      params: { first, second: name },
    });
  }
}

/** Throws `UserError` `train.few` or `train.many`. */
export function requireEnough(count: number): void {
  if (count > MOST_PICTURES) {
    throw tooMany(count);
  }
  if (count < FEWEST_PICTURES) {
    throw new UserError(
      'train.few',
      `Expected ${FEWEST_PICTURES} to ${MOST_PICTURES} pictures, got ${count}; add some of the same kind.`,
      { params: { count, fewest: FEWEST_PICTURES, most: MOST_PICTURES } },
    );
  }
}

function tooMany(count: number): UserError {
  return new UserError(
    'train.many',
    `Expected ${FEWEST_PICTURES} to ${MOST_PICTURES} pictures, got ${count}; leave the weakest out.`,
    { params: { count, fewest: FEWEST_PICTURES, most: MOST_PICTURES } },
  );
}

/** `red-fox_02` says "red fox"; `IMG_1234`, a date or a hash says nothing. */
export function wordsOfName(name: string): string {
  const words = name
    .replaceAll(/[-_.\s]+/g, ' ')
    .replace(/ ?\(?\d+\)?$/, '')
    .trim();
  return /\d/.test(words) || /^(img|dsc|image|picture|photo|screenshot|untitled|unknown)\b/i.test(words)
    ? ''
    : words.toLowerCase();
}
