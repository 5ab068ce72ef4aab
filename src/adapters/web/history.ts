/**
 * The page's own chat, as a platform would keep it: messages and their files in one folder, so that an answer and its
 * buttons are still there after a restart. Knows nothing of what a message says.
 *
 * Writes go to a temporary file first and are then renamed; a file that cannot be read any more starts an empty chat
 * beside it and is left as it is.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PageMessage, StoredFile } from './render.ts';

export type HistoryListener = (
  change:
    | { readonly kind: 'message'; readonly message: PageMessage }
    | { readonly kind: 'remove'; readonly id: string; readonly onlyFor: string | null },
) => void;

const VERSION = 2;

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
  readonly #limit: number;
  readonly #messages: Map<string, PageMessage>;
  /** Taken away by somebody, the newest last. */
  readonly #removed: Set<string>;
  readonly #listeners = new Set<HistoryListener>();
  #isDirty = false;
  #saving: Promise<void> = Promise.resolve();

  private constructor(folder: string, limit: number, { messages = [], removed = [] }: Kept) {
    this.#folder = folder;
    this.#limit = limit;
    this.#messages = new Map(messages.map((message) => [message.id, message]));
    this.#removed = new Set(removed);
  }

  /** Opens or makes the folder, and forgets files of it that no message names: a process that was killed left them. */
  static async open(folder: string, limit: number): Promise<History> {
    const history = await History.#read(folder, limit);
    await history.#sweep();
    return history;
  }

  static async #read(folder: string, limit: number): Promise<History> {
    await mkdir(join(folder, 'files'), { recursive: true });
    const file = join(folder, 'messages.json');
    if (!existsSync(file)) {
      return new History(folder, limit, {});
    }
    try {
      // The file is this class's own; a foreign or torn one fails here or shows nothing.
      const parsed: Kept & { readonly version?: number } = JSON.parse(await readFile(file, 'utf8'));
      // Before version 2 a person's id was what identified the browser, and was shown: nobody is that person any more.
      const isReadable = ({ id, onlyFor }: PageMessage): boolean =>
        typeof id === 'string' && (parsed.version === VERSION || onlyFor === null);
      return new History(folder, limit, { ...parsed, messages: parsed.messages?.filter(isReadable) });
    } catch {
      await rename(file, `${file}.unreadable-${Date.now()}`);
      return new History(folder, limit, {});
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
    while (this.#messages.size > this.#limit) {
      const [oldest] = this.#messages.values();
      if (oldest !== undefined) {
        this.#messages.delete(oldest.id);
        gone.push(oldest);
      }
    }
    this.#tell({ kind: 'message', message });
    await this.#save();
    await this.#dropFiles(gone);
  }

  async remove(id: string): Promise<void> {
    const message = this.#messages.get(id);
    if (message !== undefined) {
      this.#messages.delete(id);
      this.#removed.add(id);
      [...this.#removed].slice(0, -this.#limit).forEach((oldest) => this.#removed.delete(oldest));
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
      if (!named.has(name.split('.')[0] ?? '')) {
        await rm(join(this.#folder, 'files', name), { force: true });
      }
    }
  }

  /** Of what is shown no more, unless it is shown elsewhere. */
  async #dropFiles(gone: readonly (PageMessage | undefined)[]): Promise<void> {
    const named = new Set([...this.#messages.values()].flatMap(fileKeysOf));
    const keys = gone.flatMap((message) => (message === undefined ? [] : fileKeysOf(message)));
    for (const key of keys.filter((each) => !named.has(each))) {
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
      const part = `${path}.${randomUUID()}.part`;
      await writeFile(part, file.data);
      await rename(part, path);
    }
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
    await writeFile(`${file}.part`, JSON.stringify({ version: VERSION, ...kept }));
    await rename(`${file}.part`, file);
  }
}

function fileKeysOf({ picture, files }: PageMessage): readonly string[] {
  return [picture, ...files].flatMap((file) => file?.url.split('/')[2] ?? []);
}
