/**
 * Fetches a LoRA from an address that somebody typed: https, allow-listed hosts, public addresses, a size limit, the
 * safetensors format and nothing else; kept under its SHA-256. What an admin may name must not become a way into the
 * operator's network.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { writeFailure } from './database.ts';
import type { FileStore } from './files.ts';
import { getPublic, type PublicOptions } from './public-address.ts';

export type FetchFileOptions = {
  readonly files: FileStore;
  /** `huggingface.co`, `*.hf.co`, `files.example.org:8443`. */
  readonly hosts: readonly string[];
  readonly limitBytes: number;
  /** For the whole fetch. */
  readonly deadlineMs?: number;
} & Pick<PublicOptions, 'isAllowedAddress' | 'resolve' | 'ca'>;

const MAX_REDIRECTS = 3;
/** For all of it, however steadily a byte comes now and then. */
const DEADLINE_MS = 900_000;
/** The length of the header, then its first character. */
const HEAD_BYTES = 9;
const MAX_HEADER_BYTES = 100 * 1024 * 1024;

/** Resolves to the absolute path of the kept file. Throws `UserError` `lora.*` in a sentence for everything that is refused. */
export async function fetchFile(address: string, options: FetchFileOptions): Promise<string> {
  let url = parse(address, options.hosts);
  const deadline = AbortSignal.timeout(options.deadlineMs ?? DEADLINE_MS);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const found = await getPublic(url, { ...options, signal: deadline, unreachable, isPrivate }, async (answer) => {
      const { statusCode, headers, body } = answer;
      if (statusCode >= 300 && statusCode < 400 && typeof headers.location === 'string') {
        body.destroy();
        return redirected(url, headers.location, options.hosts);
      }
      if (statusCode !== 200) {
        body.destroy();
        throw new UserError(
          'lora.status',
          `${url.host} answered ${statusCode} instead of the file. Check the address, or attach the file.`,
          { params: { host: url.host, status: statusCode } },
        );
      }
      const announced = Number(headers['content-length']);
      if (announced > options.limitBytes) {
        body.destroy();
        throw tooLarge(announced, options.limitBytes);
      }
      return await keep(body, url, options);
    });
    if (typeof found === 'string') {
      return found;
    }
    url = found;
  }
  throw unreachable(url, new Error('too many redirects'));
}

/** Throws `UserError` `lora.format` for bytes that do not begin like a safetensors file of that size. */
export function checkSafetensorsHead(head: Uint8Array, sizeBytes: number): void {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = head.length < HEAD_BYTES ? 0n : view.getBigUint64(0, true);
  if (length < 2n || length > BigInt(Math.min(MAX_HEADER_BYTES, sizeBytes - 8)) || head[8] !== 0x7b) {
    throw new UserError(
      'lora.format',
      'A LoRA is a safetensors file; this one does not begin like one. Check that the address leads to the file itself.',
    );
  }
}

export function tooLarge(sizeBytes: number, limitBytes: number): UserError {
  const [given, max] = [Math.ceil(sizeBytes / 1_048_576), Math.floor(limitBytes / 1_048_576)];
  return new UserError('lora.size', `A LoRA can have ${max} MB here; this one has ${given} MB.`, {
    params: { given, max },
  });
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

function redirected(from: URL, location: string, hosts: readonly string[]): URL {
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

function isPrivate(url: URL): UserError {
  return new UserError('lora.private', `${url.host} leads into a private network. Attach the file instead.`, {
    params: { given: url.host },
  });
}

/** Writes the body beside, checking it as it comes, and names it when it is whole. */
async function keep(
  body: AsyncIterable<Uint8Array>,
  url: URL,
  { files, limitBytes }: FetchFileOptions,
): Promise<string> {
  const temporary = await files.temporary();
  const hash = createHash('sha256');
  let size = 0;
  let head: Uint8Array = new Uint8Array();
  const handle = await open(temporary, 'wx');
  try {
    for await (const chunk of chunksOf(body, url)) {
      size += chunk.length;
      if (size > limitBytes) {
        throw tooLarge(size, limitBytes);
      }
      if (head.length < HEAD_BYTES) {
        head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES);
        if (head.length === HEAD_BYTES) {
          checkSafetensorsHead(head, limitBytes);
        }
      }
      hash.update(chunk);
      await handle.write(chunk);
    }
    checkSafetensorsHead(head, size);
    await handle.sync();
    await handle.close();
    return await files.adopt(temporary, files.pathOf('loras', hash.digest('hex'), '.safetensors'));
  } catch (error) {
    await handle.close().catch(() => undefined);
    await files.remove(temporary);
    throw writeFailure(error);
  }
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
