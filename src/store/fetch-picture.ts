/**
 * A picture from an address that somebody typed, as an upload that is fetched when it is read: https, public addresses
 * only, a limit on bytes and time. Any host may be named, for what comes back is a picture or nothing; what it holds is
 * the decoder's to judge.
 */
import type { Upload } from '../core/command.ts';
import { UserError } from '../core/errors.ts';
import { getPublic, type PublicOptions } from './public-address.ts';

const MAX_REDIRECTS = 3;
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
  let url = from;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const found = await getPublic(url, { ...options, signal, unreachable, isPrivate }, async (answer) => {
      const { statusCode, headers, body } = answer;
      if (statusCode >= 300 && statusCode < 400 && typeof headers.location === 'string') {
        body.destroy();
        return urlOf(new URL(headers.location, url).href);
      }
      if (statusCode !== 200) {
        body.destroy();
        throw new UserError(
          'image.gone',
          `${url.host} answered ${statusCode} instead of the picture. Check the address, or attach the picture.`,
          { params: { host: url.host, status: statusCode } },
        );
      }
      return await readBounded(url, body, limitBytes);
    });
    if (!(found instanceof URL)) {
      return found;
    }
    url = found;
  }
  throw unreachable(url, new Error('too many redirects'));
}

async function readBounded(url: URL, body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.byteLength;
      if (received > limitBytes) {
        const [given, max] = [received, limitBytes].map((bytes) => Math.ceil(bytes / 1_048_576));
        throw new UserError('image.size', `A picture can have ${max} MB; this one has ${given} MB or more.`, {
          params: { max: max ?? 0, given: given ?? 0 },
        });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof UserError ? error : unreachable(url, error);
  }
  return Buffer.concat(chunks);
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
