/**
 * Where a chat keeps what it was given when a workspace took it in: plain JSON under names of the chat's own. Tokens come
 * sealed; nothing here can read them, and nothing here knows what a record holds.
 */
import { z } from 'zod';

import type { ServerKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

const PREFIX = 'installation/';

export class InstallationStore extends RecordStore {
  async get(name: string): Promise<unknown> {
    return this.database.get(keyOf(name));
  }

  /** Durable when it resolves; gone after `ttlMs`, where that is given. */
  async save(name: string, record: unknown, ttlMs?: number): Promise<void> {
    await this.write(keyOf(name), record, ttlMs);
  }

  async remove(name: string): Promise<void> {
    await this.database.delete([keyOf(name)]);
  }

  /** Of a server that left for good: `team:` or `link:`, and its id. */
  async forget(server: ServerKey): Promise<void> {
    const id = server.slice(server.indexOf(':') + 1);
    await this.database.delete(['team', 'link'].map((kind) => keyOf(`${kind}:${id}`)));
  }

  /** All whose names begin so. */
  async list(prefix: string): Promise<readonly unknown[]> {
    return await this.readAll(keyOf(prefix), z.unknown());
  }
}

function keyOf(name: string): string {
  return `${PREFIX}${keyPart(name)}`;
}
