/**
 * Pictures, uploads and LoRAs as files named by their SHA-256: written beside and renamed, so that a name always stands
 * for the whole of what it names. Pictures and uploads are a cache that is pruned by size; LoRAs and what styles are learnt from stay while somebody has
 * them in hand.
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { writeFailure } from './database.ts';
import { requireRoomFor } from './room.ts';

export const FILE_KINDS = ['pictures', 'uploads', 'loras', 'training'] as const;
export type FileKind = (typeof FILE_KINDS)[number];

/** What the files of a kind may weigh, in bytes; pictures and uploads are caches and pruned to it. */
export type FileBudgets = Readonly<Partial<Record<FileKind, number>>>;

/** A cache that has grown by so much of its budget is pruned at once, without waiting for the next round. */
const SLACK = 0.1;

type KeptFile = { readonly path: string; readonly size: number; readonly usedAtMs: number };

export class FileStore {
  readonly #folder: string;
  readonly #budgets: FileBudgets;
  readonly #weights = new Map<FileKind, number>();
  readonly #grown = new Map<FileKind, number>();

  /** `folder` is made when the first file is kept. */
  constructor(folder: string, budgets: FileBudgets = {}) {
    this.#folder = resolve(folder);
    this.#budgets = budgets;
  }

  /** As weighed by the last `prune` or `weigh`, with what came since. */
  weightOf(kind: FileKind): number {
    return (this.#weights.get(kind) ?? 0) + (this.#grown.get(kind) ?? 0);
  }

  /** Prunes every cache to its budget, and weighs what is none. */
  async holdBudgets(): Promise<void> {
    for (const kind of FILE_KINDS) {
      const isCache = kind !== 'loras' && kind !== 'training';
      await this.prune(kind, isCache ? this.#budgets[kind] : undefined);
    }
  }

  /** 0 where there is none. */
  async sizeOf(path: string): Promise<number> {
    return await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
  }

  /** Removes the files whose hash is in no one's hands and that nobody has touched since `beforeMs`. */
  async sweepUnused(kind: 'loras' | 'training', used: ReadonlySet<string>, beforeMs: number): Promise<void> {
    for await (const { path, usedAtMs } of this.#kept(kind)) {
      if (!used.has(parse(path).name) && usedAtMs < beforeMs) {
        await this.remove(path);
      }
    }
  }

  async *#kept(kind: FileKind): AsyncGenerator<KeptFile> {
    for (const folder of await list(join(this.#folder, kind))) {
      for (const name of await list(join(this.#folder, kind, folder))) {
        const path = join(this.#folder, kind, folder, name);
        const { size, mtimeMs } = await stat(path);
        yield { path, size, usedAtMs: mtimeMs };
      }
    }
  }

  /** Keeps the bytes; resolves to the absolute path. `ending` has its dot. Throws `UserError` `store.full`. */
  async keep(kind: FileKind, data: Uint8Array, ending: string): Promise<string> {
    const path = this.pathOf(kind, this.hashOf(data), ending);
    if (await exists(path)) {
      const now = new Date();
      await utimes(path, now, now);
      return path;
    }
    const temporary = await this.temporary();
    try {
      await requireRoomFor(this.#folder, 'files', data.length);
      const handle = await open(temporary, 'wx');
      try {
        await handle.writeFile(data);
        await handle.sync();
      } finally {
        await handle.close();
      }
      const kept = await this.adopt(temporary, path);
      await this.#count(kind, data.length);
      return kept;
    } catch (error) {
      await rm(temporary, { force: true });
      throw writeFailure(error);
    }
  }

  async #count(kind: FileKind, bytes: number): Promise<void> {
    const grown = (this.#grown.get(kind) ?? 0) + bytes;
    this.#grown.set(kind, grown);
    if (kind !== 'loras' && grown > SLACK * (this.#budgets[kind] ?? Number.POSITIVE_INFINITY)) {
      await this.prune(kind, this.#budgets[kind]);
    }
  }

  /** A file of these bytes that whoever asked for it removes. Throws `UserError` `store.full`; nothing is left then. */
  async writeTemporary(data: Uint8Array, ending: string): Promise<string> {
    const path = `${await this.temporary()}${ending}`;
    try {
      await requireRoomFor(this.#folder, 'files', data.length);
      await writeFile(path, data);
      return path;
    } catch (error) {
      await this.remove(path);
      throw writeFailure(error);
    }
  }

  /** A path for writing a file that is to be adopted. Throws `UserError` `store.full`. */
  async temporary(): Promise<string> {
    const folder = join(this.#folder, 'temporary');
    await mkdir(folder, { recursive: true }).catch((error: unknown) => {
      throw writeFailure(error);
    });
    return join(folder, randomUUID());
  }

  /** Makes a whole temporary file the one of that path (which `pathOf` gave). Throws `UserError` `store.full`. */
  async adopt(temporary: string, path: string): Promise<string> {
    try {
      await mkdir(join(path, '..'), { recursive: true });
      await rename(temporary, path);
      return path;
    } catch (error) {
      throw writeFailure(error);
    }
  }

  /** What names a file of these bytes. */
  hashOf(data: Uint8Array): string {
    return createHash('sha256').update(data).digest('hex');
  }

  pathOf(kind: FileKind, sha256: string, ending: string): string {
    if (!/^[0-9a-f]{64}$/u.test(sha256) || !/^\.[a-z0-9]{1,16}$/u.test(ending)) {
      throw new RangeError(`a kept file is named by its SHA-256 and an ending; got ${sha256}${ending}`);
    }
    return join(this.#folder, kind, sha256.slice(0, 2), `${sha256}${ending}`);
  }

  /** Undefined where the file is gone. */
  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(path);
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async has(path: string): Promise<boolean> {
    return await exists(path);
  }

  /** One that is gone already is no error. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** Forgets how far the learning of a style had come on this machine. */
  async removeRun(training: string): Promise<void> {
    await rm(join(this.#folder, 'training-runs', training), { recursive: true, force: true });
  }

  /** Removes the files used longest ago until the kind weighs no more than `maxBytes`; resolves to how many went. */
  async prune(kind: FileKind, maxBytes = Number.POSITIVE_INFINITY): Promise<number> {
    const files: KeptFile[] = [];
    for await (const file of this.#kept(kind)) {
      files.push(file);
    }
    files.sort((a, b) => b.usedAtMs - a.usedAtMs);
    let total = 0;
    let gone = 0;
    let kept = 0;
    for (const { path, size } of files) {
      total += size;
      if (total > maxBytes) {
        await this.remove(path);
        gone++;
      } else {
        kept = total;
      }
    }
    this.#weights.set(kind, kept);
    this.#grown.set(kind, 0);
    return gone;
  }

  /** Removes what a crash left half written. What was written to since `beforeMs` may still be somebody's. */
  async sweep(beforeMs: number): Promise<void> {
    const folder = join(this.#folder, 'temporary');
    for (const name of await list(folder)) {
      const path = join(folder, name);
      const writtenAtMs = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined, // another process was faster
      );
      if (writtenAtMs !== undefined && writtenAtMs < beforeMs) {
        await this.remove(path);
      }
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
