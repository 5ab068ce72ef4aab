/**
 * What a model was when something was made for it: 32 hexadecimal digits for its nets and, where it has a table of words, a
 * dot and 8 for that. The table decides how a prompt is read, so another table is another picture; a style is learnt by the
 * nets alone, and outlives a table. Pure.
 */
import type { Fingerprint } from './request.ts';

/** What a style's file notes and is compared by. */
export function netsOf(fingerprint: Fingerprint): string {
  return fingerprint.split('.')[0] ?? '';
}

/** Whether a request of the one draws the same picture with the other; of what one does not tell, nothing is known. */
export function drawsTheSame(a: Fingerprint, b: Fingerprint): boolean {
  return a.includes('.') && b.includes('.') ? a === b : netsOf(a) === netsOf(b);
}
