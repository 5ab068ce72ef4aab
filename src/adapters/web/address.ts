/** Where an answer of the page belongs: which message, and whose it is. Knows nothing of what stands there. */
import { createHash } from 'node:crypto';

import type { ReplyAddress } from '../../core/job.ts';

type PageAddress = { readonly message: string; readonly person: string; readonly isPrivate: boolean };

/** The person lies under `browser`: jobs of earlier versions name it so. */
export function addressFrom({ message, person, isPrivate }: PageAddress): ReplyAddress {
  return { platform: 'web', data: { message, browser: person, isPrivate } };
}

export function addressOf(address: ReplyAddress): PageAddress {
  const { message, browser: person, isPrivate } = address.data;
  if (typeof message !== 'string' || typeof person !== 'string') {
    throw new TypeError('expected an address of the page');
  }
  return { message, person, isPrivate: isPrivate === true };
}

/** The id of a message that belongs to another, or to a channel: the same for the same key, so that it is shown once. */
export function derivedId(id: string, key: string): string {
  return createHash('sha256').update(`${id} ${key}`).digest('hex').slice(0, 32);
}
