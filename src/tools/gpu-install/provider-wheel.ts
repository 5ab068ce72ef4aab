/**
 * onnxruntime's CUDA provider out of its wheel: found in a Python package index (PEP 691), fetched whole and checked against
 * the index's hash, and two libraries unpacked beside onnxruntime-node's own. No Python is needed. Knows no device.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { openPromise } from 'yauzl';
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';

export type ProviderSource = {
  /** `https://pypi.org/simple` */
  readonly index: string;
  /** Of onnxruntime; the provider must be of the same. */
  readonly version: string;
  /** Absolute: where onnxruntime-node's own library lies. */
  readonly folder: string;
};

const PACKAGE = 'onnxruntime-gpu';
const LIBRARIES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] as const;
const LIMIT_MS = 1_800_000;

const indexPage = z.object({
  files: z.array(
    z.object({ filename: z.string(), url: z.string(), hashes: z.object({ sha256: z.string().optional() }) }),
  ),
});
type Wheel = { readonly filename: string; readonly url: string; readonly sha256: string };

/** Throws `UserError` `gpu.fetch` or `gpu.wheel`; then what was there before is there still. */
export async function fetchProviders({ index, version, folder }: ProviderSource): Promise<void> {
  const wheel = await findWheel(index, version);
  const scratch = await mkdtemp(join(folder, '.provider-'));
  try {
    const file = join(scratch, wheel.filename);
    await fetchWheel(wheel, file);
    await unpack(file, scratch);
    for (const library of LIBRARIES) {
      await rename(join(scratch, library), join(folder, library));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function findWheel(index: string, version: string): Promise<Wheel> {
  const address = `${index.replace(/\/$/, '')}/${PACKAGE}/`;
  const answer = await get(address, { accept: 'application/vnd.pypi.simple.v1+json' });
  const page = indexPage.safeParse(await answer.json().catch(() => undefined));
  const prefix = `${PACKAGE.replace('-', '_')}-${version}-`;
  const found = (page.success ? page.data.files : []).find(
    ({ filename, hashes }) =>
      filename.startsWith(prefix) && /manylinux.*x86_64\.whl$/.test(filename) && hashes.sha256 !== undefined,
  );
  if (found?.hashes.sha256 === undefined) {
    throw new UserError(
      'gpu.wheel',
      `Expected a wheel of ${PACKAGE} ${version} for Linux on x64 in ${address}, found none; name an index that has it by --index.`,
    );
  }
  return { filename: basename(found.filename), url: new URL(found.url, address).href, sha256: found.hashes.sha256 };
}

async function fetchWheel({ url, sha256 }: Wheel, file: string): Promise<void> {
  const { body } = await get(url, {});
  const hash = createHash('sha256');
  const hashed = async function* (parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of parts) {
      hash.update(part);
      yield part;
    }
  };
  try {
    await pipeline(body === null ? Readable.from([]) : Readable.fromWeb(body), hashed, createWriteStream(file));
  } catch (cause) {
    throw unfetched(url, cause);
  }
  if (hash.digest('hex') !== sha256) {
    throw unfetched(url, new Error('it arrived with another hash than the index says'));
  }
}

/** The libraries of a wheel, which is a zip file. */
async function unpack(wheel: string, folder: string): Promise<void> {
  const zip = await openPromise(wheel, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    const library = LIBRARIES.find((name) => entry.fileName.endsWith(`/${name}`));
    if (library !== undefined) {
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(join(folder, library)));
    }
  }
  for (const library of LIBRARIES) {
    await access(join(folder, library)).catch((cause: unknown) => {
      throw new UserError('gpu.wheel', `Expected ${library} in ${basename(wheel)}, but it is not there.`, { cause });
    });
  }
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(LIMIT_MS) });
    if (!answer.ok) {
      throw new Error(`it answered ${answer.status}`);
    }
    return answer;
  } catch (cause) {
    throw unfetched(url, cause);
  }
}

function unfetched(url: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    'gpu.fetch',
    `The CUDA provider could not be fetched from ${new URL(url).host} (${why}); check the connection, or name another package index by --index.`,
    { cause },
  );
}
