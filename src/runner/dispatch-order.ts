/**
 * Which work goes into a device's child next. Pictures go in their order, some at a time; one that was in a dying child
 * goes alone, so that one bad request cannot take its neighbours down. Of styles to be learnt one is inside at a time,
 * beside the pictures, and one that was in a dying child waits until the pictures that were there too are drawn. Pure.
 */
import type { Work } from '../core/work.ts';

export type Sent = {
  readonly work: Pick<Work, 'kind'>;
  /** How often it has been sent: one that waits and was sent before was in a child that died. */
  readonly attempts: number;
};

/** Undefined: nothing of it now. `inside`: what the child has, each counted as sent. */
export function nextToSend<T extends Sent>(
  waiting: readonly T[],
  inside: readonly T[],
  maxPictures: number,
): T | undefined {
  const picture = waiting.find(({ work }) => work.kind !== 'train');
  const pictures = inside.filter(({ work }) => work.kind !== 'train');
  const isSuspectInside = pictures.some(({ attempts }) => attempts > 1);
  if (
    picture !== undefined &&
    pictures.length < maxPictures &&
    !isSuspectInside &&
    (picture.attempts === 0 || pictures.length === 0)
  ) {
    return picture;
  }
  const style = waiting.find(({ work }) => work.kind === 'train');
  if (style === undefined || pictures.length < inside.length) {
    return undefined;
  }
  const areSuspectsLeft =
    isSuspectInside || waiting.some(({ work, attempts }) => work.kind !== 'train' && attempts > 0);
  return style.attempts > 0 && areSuspectsLeft ? undefined : style;
}
