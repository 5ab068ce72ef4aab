/**
 * What a model was when something was made for it, in up to three parts with dots between: 32 hexadecimal digits for its nets,
 * 8 for its table of words and 8 for its own accelerators, each empty where there is none. The table decides how a prompt is
 * read and an accelerator how a step goes, so others draw another picture; a style is learnt by the nets alone, and outlives
 * both. Pure.
 */
import type { Fingerprint } from './request.ts';

/** What a style's file notes and is compared by. */
export function netsOf(fingerprint: Fingerprint): string {
  return fingerprint.split('.')[0] ?? '';
}

/** Whether a request of the one draws the same picture with the other; of what one does not tell, nothing is known. */
export function drawsTheSame(a: Fingerprint, b: Fingerprint): boolean {
  const [parts, others] = [a.split('.'), b.split('.')];
  return parts.every((part, at) => part === '' || (others[at] ?? '') === '' || part === others[at]);
}
