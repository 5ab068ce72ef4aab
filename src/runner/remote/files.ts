/**
 * Files that a request names, on their way to another machine: kept in Redis under their hash by the bot, written into
 * a folder of the runner's, and the request's paths changed to match. Folders and catalog ids stay as they are: models
 * are installed on the runner's machine.
 */
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';

import type { Redis } from 'ioredis';

import { UserError } from '../../core/errors.ts';
import type { Work } from '../../core/work.ts';
import { FILE_KEPT_S, fileKey } from './keys.ts';

/** Path on the bot's machine → name under which the file travels: its SHA-256 and its ending. */
export type FileNames = Readonly<Record<string, string>>;

/** Redis holds no larger value. */
const LIMIT_BYTES = 512 * 2 ** 20;

/** Hashes of files that have not changed since. */
export class FileSender {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #known = new Map<string, { readonly mark: string; readonly name: string }>();

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Puts what the work names into Redis. Files that are not there are left to the engine's own sentence. */
  async send(work: Work): Promise<FileNames> {
    const names: [string, string][] = [];
    for (const path of pathsOf(work)) {
      const info = await stat(path).catch(() => undefined);
      if (info?.isFile() === true) {
        names.push([path, await this.#sendOne(path, info.size, `${info.size} ${info.mtimeMs}`)]);
      }
    }
    return Object.fromEntries(names);
  }

  async #sendOne(path: string, size: number, mark: string): Promise<string> {
    if (size > LIMIT_BYTES) {
      throw new UserError(
        'remote.file-size',
        `Expected a file of at most ${LIMIT_BYTES} bytes for a runner on another machine, got ${size} in ${path}. Install it there, or use a smaller one.`,
        { params: { limit: LIMIT_BYTES, size } },
      );
    }
    const known = this.#known.get(path);
    if (known?.mark === mark && (await this.#redis.expire(fileKey(this.#prefix, known.name), FILE_KEPT_S)) === 1) {
      return known.name;
    }
    const bytes = await readFile(path);
    const name = createHash('sha256').update(bytes).digest('hex') + extname(path);
    await this.#redis.set(fileKey(this.#prefix, name), bytes, 'EX', FILE_KEPT_S);
    this.#known.set(path, { mark, name });
    return name;
  }
}

/** The work with its files fetched into `folder`. Throws when one has faded from Redis and is not in the folder. */
export async function receiveFiles(
  redis: Redis,
  { prefix, folder, names, work }: { prefix: string; folder: string; names: FileNames; work: Work },
): Promise<Work> {
  const places = new Map<string, string>();
  for (const [path, name] of Object.entries(names)) {
    if (!/^[0-9a-f]{64}(\.\w+)?$/.test(name)) {
      throw new Error(`expected a hash as the name of a travelling file, got ${name}`);
    }
    const place = join(folder, name);
    if (!(await isThere(place))) {
      const bytes = await redis.getBuffer(fileKey(prefix, name));
      if (bytes === null) {
        throw new Error(`expected ${name} in Redis, but it is gone; the work must be sent again`);
      }
      await mkdir(folder, { recursive: true });
      await writeWhole(place, bytes);
    }
    places.set(path, place);
  }
  return withPaths(work, (path) => places.get(path) ?? path);
}

function pathsOf(work: Work): readonly string[] {
  const paths: string[] = [];
  withPaths(work, (path) => {
    paths.push(path);
    return path;
  });
  return [...new Set(paths)].filter((path) => isAbsolute(path));
}

/** The work with each path that may be a file's replaced. */
function withPaths(work: Work, change: (path: string) => string): Work {
  if (work.kind === 'upscale') {
    return { ...work, request: { ...work.request, file: change(work.request.file) } };
  }
  const { loras, init, lcmLora, vae } = work.request;
  return {
    ...work,
    request: {
      ...work.request,
      loras: loras.map((lora) => ({ ...lora, file: change(lora.file) })),
      init: init === undefined ? undefined : { ...init, file: change(init.file) },
      lcmLora: lcmLora.kind === 'file' ? { ...lcmLora, file: change(lcmLora.file) } : lcmLora,
      vae: vae === undefined ? undefined : change(vae),
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Under another name first: a runner that is killed leaves no half file. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, bytes);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
