/**
 * A picture from an address that somebody typed, as an upload that is fetched when it is read: https, public addresses
 * only, a limit on bytes and time. Any host may be named, for what comes back is a picture or nothing; what it holds is
 * the decoder's to judge.
 */
import { bounded, gathered } from '../core/bounded-bytes.ts';
import type { Upload } from '../core/command.ts';
import { UserError } from '../core/errors.ts';
import { getPublic, type PublicOptions } from './public-address.ts';

const DEADLINE_MS = 30_000;

/** Throws `UserError` `image.url`; its stream throws `image.private`, `image.gone`, `image.unreachable`, `image.size`. */
export function pictureAt(
  address: string,
  options: Pick<PublicOptions, 'isAllowedAddress' | 'resolve' | 'ca'> = {},
): Upload {
  const url = urlOf(address);
  const name = url.pathname.split('/').at(-1) ?? '';
  return {
    name,
    sizeBytes: 0,
    // The connection is closed before anybody looks at the picture: it is small, and its server a stranger's.
    stream: async function* stream(limitBytes) {
      yield await read(url, limitBytes, options);
    },
  };
}

async function read(
  from: URL,
  limitBytes: number,
  options: Pick<PublicOptions, 'isAllowedAddress' | 'resolve' | 'ca'>,
): Promise<Uint8Array> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const redirected = (url: URL, location: string): URL => urlOf(new URL(location, url).href);
  return getPublic(from, { ...options, signal, unreachable, isPrivate, refused, redirected }, async ({ body }, url) => {
    try {
      return await gathered(bounded(body, limitBytes, (received) => tooLarge(received, limitBytes)));
    } catch (error) {
      throw error instanceof UserError ? error : unreachable(url, error);
    }
  });
}

function tooLarge(received: number, limitBytes: number): UserError {
  const [given, max] = [Math.ceil(received / 1_048_576), Math.ceil(limitBytes / 1_048_576)];
  return new UserError('image.size', `A picture can have ${max} MB; this one has ${given} MB or more.`, {
    params: { max, given },
  });
}

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new UserError('image.url', `A picture’s address begins with https://; you gave “${address}”.`, {
      params: { given: address },
    });
  }
  return url;
}

function refused({ host }: URL, status: number): UserError {
  return new UserError(
    'image.gone',
    `${host} answered ${status} instead of the picture. Check the address, or attach the picture.`,
    { params: { host, status } },
  );
}

function isPrivate(url: URL): UserError {
  return new UserError('image.private', `${url.host} leads into a private network. Attach the picture instead.`, {
    params: { given: url.host },
  });
}

function unreachable(url: URL, cause: unknown): UserError {
  return new UserError('image.unreachable', `${url.host} did not send the picture. Try later, or attach it.`, {
    params: { host: url.host },
    cause,
  });
}
