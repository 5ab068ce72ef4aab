/**
 * Files that a request names, on their way to another machine: kept in Redis under their hash by the bot, written into
 * a folder of the runner's, and the request's paths changed to match. Folders and catalog ids stay as they are: models
 * are installed on the runner's machine.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { extname, isAbsolute, join } from 'node:path';

import type { Redis } from 'ioredis';

import { BoundedMap } from '../../core/bounded-map.ts';
import { UserError } from '../../core/errors.ts';
import type { Work } from '../../core/work.ts';
import { FILE_KEPT_S, fileKey } from './keys.ts';

/** Path on the bot's machine → name under which the file travels: its SHA-256 and its ending. */
export type FileNames = Readonly<Record<string, string>>;

/** Redis holds no larger value. */
const LIMIT_BYTES = 512 * 2 ** 20;
/** Files whose hashes a bot remembers. */
const MAX_KNOWN = 1000;

/** Hashes of files that have not changed since. */
export class FileSender {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #known = new BoundedMap<string, { readonly mark: string; readonly name: string }>({ maxCost: MAX_KNOWN });

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

/**
 * The work with its files fetched into `folder`, where files that no work has named for as long as Redis keeps them make
 * room. Throws when one has faded from Redis and is not in the folder.
 */
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
    if (!(await markUsed(place))) {
      const bytes = await redis.getBuffer(fileKey(prefix, name));
      if (bytes === null) {
        throw new Error(`expected ${name} in Redis, but it is gone; the work must be sent again`);
      }
      await mkdir(folder, { recursive: true });
      await writeWhole(place, bytes);
      await markUsed(place);
      await removeFaded(folder);
    }
    places.set(path, place);
  }
  return withPaths(work, (path) => places.get(path) ?? path);
}

/**
 * What came to be learnt from goes when the work has ended, from Redis and from `folder`: people are told so. Another
 * training that names the same picture sends it anew.
 */
export async function forgetPictures(
  redis: Redis,
  { prefix, folder, names, work }: { prefix: string; folder: string; names: FileNames; work: Work },
): Promise<void> {
  for (const { file } of work.kind === 'train' ? work.request.pictures : []) {
    const name = names[file];
    if (name !== undefined) {
      await rm(join(folder, name), { force: true });
      await redis.del(fileKey(prefix, name));
    }
  }
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
  if (work.kind === 'train') {
    const pictures = work.request.pictures.map((picture) => ({ ...picture, file: change(picture.file) }));
    return { ...work, request: { ...work.request, pictures } };
  }
  const { styles, embeddings, init, mask, accelerator, vae } = work.request;
  const moved = <T extends { readonly file: string }>(use: T): T => ({ ...use, file: change(use.file) });
  return {
    ...work,
    request: {
      ...work.request,
      styles: styles.map(moved),
      embeddings: embeddings.map(moved),
      init: init === undefined ? undefined : moved(init),
      mask: mask === undefined ? undefined : moved(mask),
      accelerator: accelerator.kind === 'file' ? moved(accelerator) : accelerator,
      vae: vae === undefined ? undefined : change(vae),
    },
  };
}

/**
 * False where it is not there. The last use is the time of access; that of change never moves, as the bytes under a hash
 * never do, and whoever keeps something made of them may go by it.
 */
async function markUsed(path: string): Promise<boolean> {
  return utimes(path, new Date(), WRITTEN).then(
    () => true,
    () => false,
  );
}

const WRITTEN = new Date(0);

/** Files that no work has named for as long as Redis keeps them. */
export async function removeFaded(folder: string): Promise<void> {
  await removeUnused(folder, Date.now() - FILE_KEPT_S * 1000);
}

async function removeUnused(folder: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined); // another work may have been faster
    if (found !== undefined && found.atimeMs < beforeMs) {
      await rm(path, { force: true });
    }
  }
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
