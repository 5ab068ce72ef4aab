/**
 * The page's own chat, as a platform would keep it: messages and their files in one folder, so that an answer and its
 * buttons are still there after a restart. Knows nothing of what a message says.
 *
 * Writes go to a temporary file first and are then renamed; a file that cannot be read any more starts an empty chat
 * beside it and is left as it is.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeFailure } from '../../bot/fault.ts';
import type { PageMessage, StoredFile } from './render.ts';

/** How many messages are kept, and how many bytes of their files. */
export type HistoryLimits = { readonly messages: number; readonly bytes: number };

export type HistoryListener = (
  change:
    | { readonly kind: 'message'; readonly message: PageMessage }
    | { readonly kind: 'remove'; readonly id: string; readonly onlyFor: string | null },
) => void;

const VERSION = 2;
/** What is being written. */
const PART = '.part';

type Kept = {
  readonly messages?: readonly PageMessage[] | undefined;
  /** Ids; files of before have none. */
  readonly removed?: readonly string[] | undefined;
};

const CONTENT_TYPES = {
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  json: 'application/json',
  txt: 'text/plain',
  bin: 'application/octet-stream',
} as const;

export class History {
  readonly #folder: string;
  readonly #limits: HistoryLimits;
  /** Of the files there are, by key. */
  readonly #sizes = new Map<string, number>();
  readonly #messages: Map<string, PageMessage>;
  /** Taken away by somebody, the newest last. */
  readonly #removed: Set<string>;
  readonly #listeners = new Set<HistoryListener>();
  #isDirty = false;
  #saving: Promise<void> = Promise.resolve();

  private constructor(folder: string, limits: HistoryLimits, { messages = [], removed = [] }: Kept) {
    this.#folder = folder;
    this.#limits = limits;
    this.#messages = new Map(messages.map((message) => [message.id, message]));
    this.#removed = new Set(removed);
  }

  /** Opens or makes the folder, and forgets files of it that no message names: a process that was killed left them. */
  static async open(folder: string, limits: HistoryLimits): Promise<History> {
    const history = await History.#read(folder, limits);
    await history.#sweep();
    await history.#dropFiles(history.#pushOut());
    return history;
  }

  static async #read(folder: string, limits: HistoryLimits): Promise<History> {
    await mkdir(join(folder, 'files'), { recursive: true });
    const file = join(folder, 'messages.json');
    if (!existsSync(file)) {
      return new History(folder, limits, {});
    }
    try {
      // The file is this class's own; a foreign or torn one fails here or shows nothing.
      const parsed: Kept & { readonly version?: number } = JSON.parse(await readFile(file, 'utf8'));
      // Before version 2 a person's id was what identified the browser, and was shown: nobody is that person any more.
      const isReadable = ({ id, onlyFor }: PageMessage): boolean =>
        typeof id === 'string' && (parsed.version === VERSION || onlyFor === null);
      return new History(folder, limits, { ...parsed, messages: parsed.messages?.filter(isReadable) });
    } catch {
      await rename(file, `${file}.unreadable-${Date.now()}`);
      return new History(folder, limits, {});
    }
  }

  /** What one person may see, oldest first. */
  visibleTo(person: string): readonly PageMessage[] {
    return [...this.#messages.values()].filter((message) => message.onlyFor === null || message.onlyFor === person);
  }

  get(id: string): PageMessage | undefined {
    return this.#messages.get(id);
  }

  /** Whether somebody has taken it away: an answer that comes later does not put it back. */
  wasRemoved(id: string): boolean {
    return this.#removed.has(id);
  }

  /** Keeps the files, then shows and saves the message. */
  async put(message: PageMessage, files: readonly StoredFile[]): Promise<void> {
    for (const file of files) {
      await this.#writeFile(file);
    }
    const gone = [this.#messages.get(message.id)];
    this.#messages.set(message.id, message);
    gone.push(...this.#pushOut());
    this.#tell({ kind: 'message', message });
    await this.#save();
    await this.#dropFiles(gone);
  }

  /** What its messages' files weigh. */
  get bytes(): number {
    return this.#weigh(new Set([...this.#messages.values()].flatMap(fileKeysOf)));
  }

  /** The oldest messages beyond the limits; the newest one stays, whatever it weighs. */
  #pushOut(): readonly PageMessage[] {
    const gone: PageMessage[] = [];
    for (const oldest of this.#messages.values()) {
      const { size } = this.#messages;
      if (size <= 1 || (size <= this.#limits.messages && this.bytes <= this.#limits.bytes)) {
        break;
      }
      this.#messages.delete(oldest.id);
      gone.push(oldest);
    }
    return gone;
  }

  #weigh(keys: ReadonlySet<string>): number {
    return [...keys].reduce((sum, key) => sum + (this.#sizes.get(key) ?? 0), 0);
  }

  async remove(id: string): Promise<void> {
    const message = this.#messages.get(id);
    if (message !== undefined) {
      this.#messages.delete(id);
      this.#removed.add(id);
      [...this.#removed].slice(0, -this.#limits.messages).forEach((oldest) => this.#removed.delete(oldest));
      this.#tell({ kind: 'remove', id, onlyFor: message.onlyFor });
      await this.#save();
      await this.#dropFiles([message]);
    }
  }

  async readFile(key: string): Promise<{ readonly data: Uint8Array; readonly contentType: string } | undefined> {
    if (!/^[0-9a-f]{32}$/.test(key)) {
      return undefined;
    }
    for (const [ending, contentType] of Object.entries(CONTENT_TYPES)) {
      const file = join(this.#folder, 'files', `${key}.${ending}`);
      if (existsSync(file)) {
        return { data: await readFile(file), contentType };
      }
    }
    return undefined;
  }

  listen(listener: HistoryListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for what is being written, then forgets files that no message names any more. */
  async close(): Promise<void> {
    await this.#save();
    await this.#sweep();
  }

  async #sweep(): Promise<void> {
    const named = new Set([...this.#messages.values()].flatMap(fileKeysOf));
    for (const name of await readdir(join(this.#folder, 'files'))) {
      const [key = ''] = name.split('.');
      const file = join(this.#folder, 'files', name);
      if (named.has(key) && !name.endsWith(PART)) {
        this.#sizes.set(key, (await stat(file)).size);
      } else {
        await rm(file, { force: true });
      }
    }
  }

  /** Of what is shown no more, unless it is shown elsewhere. */
  async #dropFiles(gone: readonly (PageMessage | undefined)[]): Promise<void> {
    const named = new Set([...this.#messages.values()].flatMap(fileKeysOf));
    const keys = gone.flatMap((message) => (message === undefined ? [] : fileKeysOf(message)));
    for (const key of keys.filter((each) => !named.has(each))) {
      this.#sizes.delete(key);
      for (const ending of Object.keys(CONTENT_TYPES)) {
        await rm(join(this.#folder, 'files', `${key}.${ending}`), { force: true });
      }
    }
  }

  #tell(change: Parameters<HistoryListener>[0]): void {
    for (const listener of this.#listeners) {
      listener(change);
    }
  }

  async #writeFile(file: StoredFile): Promise<void> {
    const ending = Object.entries(CONTENT_TYPES).find(([, type]) => type === file.contentType)?.[0] ?? 'bin';
    const path = join(this.#folder, 'files', `${file.key}.${ending}`);
    if (!existsSync(path)) {
      // A name of its own: the same picture can be written by two answers at once.
      await write(path, file.data, `${path}.${randomUUID()}${PART}`);
    }
    this.#sizes.set(file.key, file.data.length);
  }

  /** One write at a time; changes that come meanwhile share the next one. */
  #save(): Promise<void> {
    if (!this.#isDirty) {
      this.#isDirty = true;
      this.#saving = this.#writeAfter(this.#saving);
    }
    return this.#saving;
  }

  async #writeAfter(previous: Promise<void>): Promise<void> {
    // A failed write was told to whoever waited for it; the next one is a fresh attempt.
    await previous.catch(() => undefined);
    this.#isDirty = false;
    const file = join(this.#folder, 'messages.json');
    const kept: Kept = { messages: [...this.#messages.values()], removed: [...this.#removed] };
    await write(file, JSON.stringify({ version: VERSION, ...kept }), `${file}${PART}`);
  }
}

/** Beside it first, so that it is whole or not there. Throws `UserError` `store.full`; nothing is left then. */
async function write(path: string, data: Uint8Array | string, part: string): Promise<void> {
  try {
    await writeFile(part, data);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw writeFailure(error);
  }
}

function fileKeysOf({ picture, files }: PageMessage): readonly string[] {
  return [picture, ...files].flatMap((file) => file?.url.split('/')[2] ?? []);
}
