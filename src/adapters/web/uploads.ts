/**
 * A request's form with files → its action and files on disk. Nothing is read before its size and the number of bodies
 * under way are known to be allowed, and what comes is counted as it comes: a file goes straight to disk, never through
 * memory. Knows no command.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';

import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy';

import type { Upload } from '../../core/command.ts';
import { refusal } from '../../bot/refusal.ts';
import { UserError } from '../../core/errors.ts';
import { writeFailure } from '../../bot/fault.ts';
import { LIMITS, type PageLimits } from './limits.ts';
import { Places } from '../../core/places.ts';

const MB = 1_048_576;

export type ReceivedForm = {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, Upload>;
  /** Forgets the files; to be called once nobody reads them any more. */
  readonly release: () => Promise<void>;
};

/** Does what a form's files came for, and lets them go however that ends. */
export async function releasing<T>(release: ReceivedForm['release'], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await release();
  }
}

export class FormReceiver {
  readonly #folder: string;
  readonly #limits: Pick<PageLimits, 'uploads' | 'uploadsPerAddress'>;
  readonly #places = new Places();
  readonly #held = new Places();

  private constructor(folder: string, limits: Pick<PageLimits, 'uploads' | 'uploadsPerAddress'>) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** How many bodies are coming in, and how many forms' files lie on the disk. */
  get usage(): { readonly bodies: number; readonly forms: number } {
    return { bodies: this.#places.taken('all'), forms: this.#held.taken('all') };
  }

  /** Empties the folder: what lies there was left by a process that died. */
  static async open(folder: string, limits: Pick<PageLimits, 'uploads' | 'uploadsPerAddress'>): Promise<FormReceiver> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new FormReceiver(folder, limits);
  }

  /** Throws `UserError` `page.large`, `page.busy`, `page.form`; nothing is left behind then. */
  async receive(
    request: IncomingMessage,
    from: { readonly address: string; readonly maxBytes: number },
  ): Promise<ReceivedForm> {
    const { address, maxBytes } = from;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      throw tooLarge(maxBytes);
    }
    const { uploads: all, uploadsPerAddress: perAddress } = this.#limits;
    const giveBack = placeIn(this.#places, address, { all, perAddress });
    const folder = join(this.#folder, randomUUID());
    const release = (): Promise<void> => rm(folder, { recursive: true, force: true });
    try {
      const { fields, files } = await receiveInto(folder, request, maxBytes);
      const giveBackHeld = files.size === 0 ? () => undefined : this.#hold(address);
      const releaseAll = async (): Promise<void> => {
        giveBackHeld();
        await release();
      };
      return { fields, files, release: releaseAll };
    } catch (error) {
      await release();
      throw error;
    } finally {
      giveBack();
    }
  }

  /** Files lie on disk until what they came for is done: as many as there is room for. */
  #hold(address: string): () => void {
    return placeIn(this.#held, address, { all: LIMITS.heldForms, perAddress: LIMITS.heldFormsPerAddress });
  }
}

/** Throws `UserError` `page.busy`. */
function placeIn(
  places: Places,
  address: string,
  { all, perAddress }: { readonly all: number; readonly perAddress: number },
): () => void {
  const giveBack = places.take([
    { key: 'all', max: all },
    { key: address, max: perAddress },
  ]);
  if (giveBack === undefined) {
    throw refusal('page.busy', {}, { retryAfterMs: 2000 });
  }
  return giveBack;
}

async function receiveInto(
  folder: string,
  request: IncomingMessage,
  maxBytes: number,
): Promise<Pick<ReceivedForm, 'fields' | 'files'>> {
  const fields = new Map<string, string>();
  const files = new Map<string, Upload>();
  const written: Promise<void>[] = [];
  const parser = parserOf(request);
  const abort = new AbortController();
  const refuse = (error: UserError): void => abort.abort(error);
  parser.on('field', (name: string, value: string, _isNameCut: boolean, isCut: boolean) => {
    if (isCut) {
      refuse(tooLarge(LIMITS.jsonBytes));
    }
    fields.set(name, value);
  });
  parser.on('file', (name: string, stream: BusboyFileStream, fileName: string) => {
    // A part that breaks off says so at once, before anybody reads it; unheard, that would end the process.
    stream.on('error', () => undefined);
    const path = join(folder, String(written.length));
    const store = async (): Promise<void> => {
      await mkdir(folder, { recursive: true, mode: 0o700 }); // made for files alone: most forms bring none
      const file = createWriteStream(path, { mode: 0o600 });
      await pipeline(stream, file, { signal: abort.signal });
      if (file.bytesWritten > 0) {
        files.set(name, storedUpload(fileName, path, file.bytesWritten));
      }
    };
    const stored = store();
    stored.catch(() => undefined); // awaited below, where the first fault counts
    written.push(stored);
  });
  for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const) {
    parser.on(limit, () => refuse(badForm('it has too many parts')));
  }
  let received = 0;
  let movedAtMs = performance.now();
  // Some broken forms make the parser wait for ever, and some senders send a byte now and then.
  const watch = setInterval(() => {
    if (performance.now() - movedAtMs > (request.complete ? LIMITS.formEndMs : LIMITS.formStallMs)) {
      refuse(badForm('it does not go on'));
    }
  }, 500);
  const counted = async function* counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      received += chunk.length;
      movedAtMs = performance.now();
      if (received > maxBytes) {
        throw tooLarge(maxBytes);
      }
      yield chunk;
    }
  };
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(LIMITS.uploadMs)]);
  try {
    // A parser that waits for ever does not hear of an end either: nobody waits for it then.
    const given = pipeline(request, counted, parser, { signal });
    given.catch(() => undefined);
    await Promise.race([given, rejectedBy(signal)]);
    await Promise.all(written);
  } catch (cause) {
    // What is being written is let go and awaited: the folder can only be taken away after that.
    abort.abort();
    await Promise.allSettled(written);
    if (abort.signal.reason instanceof UserError) {
      throw abort.signal.reason;
    }
    const error = writeFailure(cause);
    throw error instanceof UserError ? error : badForm('it broke off or is not well formed', cause);
  } finally {
    clearInterval(watch);
  }
  return { fields, files };
}

/** Never resolves. */
function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('let go', { cause: signal.reason })), { once: true });
  });
}

function parserOf(request: IncomingMessage): BusboyInstance {
  const { 'content-type': contentType, ...headers } = request.headers;
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': contentType ?? '' },
      limits: {
        fieldSize: LIMITS.jsonBytes,
        fields: 8,
        files: LIMITS.filesPerRequest,
        fieldNameSize: 100,
        headerPairs: 32,
      },
    });
  } catch (cause) {
    throw badForm('its content type is none of a form', cause);
  }
}

function badForm(what: string, cause?: unknown): UserError {
  return new UserError('page.form', `Expected a form, but ${what}; reload the page and send it again.`, { cause });
}

function tooLarge(maxBytes: number): UserError {
  const max = maxBytes < MB ? `${Math.floor(maxBytes / 1024)} kB` : `${Math.floor(maxBytes / MB)} MB`;
  return refusal('page.large', { max });
}

/** A file on disk as an `Upload`: read only when asked for, and never more than the asker allows. */
function storedUpload(name: string, path: string, sizeBytes: number): Upload {
  return {
    name,
    sizeBytes,
    stream: async function* stream(limitBytes) {
      if (sizeBytes > limitBytes) {
        const [max, given] = [Math.floor(limitBytes / MB), Math.ceil(sizeBytes / MB)];
        throw refusal('upload.size', { name, max, given });
      }
      yield* createReadStream(path);
    },
  };
}
