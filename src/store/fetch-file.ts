/**
 * Fetches a LoRA from an address that somebody typed: https, allow-listed hosts, public addresses, a size limit, the
 * safetensors format and nothing else. What an admin may name must not become a way into the
 * operator's network.
 */
import { UserError } from '../core/errors.ts';
import type { FileStore } from './files.ts';
import { getPublic, type PublicOptions } from './public-address.ts';
import { receiveLora, type ReceivedFile, tooLarge } from './receive-lora.ts';

export type FetchFileOptions = {
  readonly files: FileStore;
  /** `huggingface.co`, `*.hf.co`, `files.example.org:8443`. */
  readonly hosts: readonly string[];
  readonly limitBytes: number;
  /** For the whole fetch. */
  readonly deadlineMs?: number;
} & Pick<PublicOptions, 'isAllowedAddress' | 'resolve' | 'ca'>;

/** For all of it, however steadily a byte comes now and then. */
const DEADLINE_MS = 900_000;
/** Resolves to a file that is to be kept or removed. Throws `UserError` `lora.*` in a sentence for everything that is refused. */
export async function fetchFile(address: string, options: FetchFileOptions): Promise<ReceivedFile> {
  const { files, hosts, limitBytes, deadlineMs = DEADLINE_MS, ...ways } = options;
  const signal = AbortSignal.timeout(deadlineMs);
  const redirected = (from: URL, location: string): URL => redirectedTo(from, location, hosts);
  return getPublic(
    parse(address, hosts),
    { ...ways, signal, unreachable, isPrivate, refused, redirected },
    async ({ headers, body }, url) => {
      const announced = Number(headers['content-length']);
      if (announced > limitBytes) {
        throw tooLarge(announced, limitBytes);
      }
      return await receiveLora(chunksOf(body, url), { files, limitBytes });
    },
  );
}

function parse(address: string, hosts: readonly string[]): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    throw new UserError('lora.url', `An address begins with https:// and names a file; you gave “${address}”.`, {
      params: { given: address },
    });
  }
  if (!isAllowedHost(url.host, hosts)) {
    throw new UserError(
      'lora.host',
      `Files are fetched from ${hosts.join(', ')} only; you gave ${url.host}. Attach the file instead.`,
      { params: { hosts: hosts.join(', '), given: url.host } },
    );
  }
  return url;
}

function isAllowedHost(host: string, hosts: readonly string[]): boolean {
  return hosts.some((allowed) =>
    allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) && host.length > allowed.length - 1 : host === allowed,
  );
}

function redirectedTo(from: URL, location: string, hosts: readonly string[]): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined || target.protocol !== 'https:' || !isAllowedHost(target.host, hosts)) {
    const where = target?.host ?? location;
    throw new UserError(
      'lora.redirect',
      `${from.host} sends on to ${where}, from where files are not fetched. Give the file’s own address, or attach it.`,
      { params: { host: from.host, target: where } },
    );
  }
  return target;
}

function refused({ host }: URL, status: number): UserError {
  return new UserError(
    'lora.status',
    `${host} answered ${status} instead of the file. Check the address, or attach the file.`,
    { params: { host, status } },
  );
}

function isPrivate(url: URL): UserError {
  return new UserError('lora.private', `${url.host} leads into a private network. Attach the file instead.`, {
    params: { given: url.host },
  });
}

async function* chunksOf(body: AsyncIterable<Uint8Array>, url: URL): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error: unknown) => {
      throw unreachable(url, error);
    });
    if (next.done === true) {
      return;
    }
    yield next.value;
  }
}

function unreachable(url: URL, cause: unknown): UserError {
  return new UserError('lora.unreachable', `${url.host} did not send the file. Try again later, or attach it.`, {
    params: { host: url.host },
    cause,
  });
}
