/** What is kept about people besides their jobs: the style they chose per server, and who is blocked where. */
import { z } from 'zod';
import type { Parsed } from '../core/parsed.ts';
import { placeKey, type ServerKey, type UserKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

const blockedPerson = z.object({ user: placeKey, name: z.string(), by: placeKey, atMs: z.number() });
export type BlockedPerson = Parsed<typeof blockedPerson>;

export class PeopleStore extends RecordStore {
  /** The id of the style of a person's pictures on a server; undefined: the server's default. */
  async style(user: UserKey, server: ServerKey): Promise<string | undefined> {
    const found = await this.database.get(styleKey(user, server));
    return typeof found === 'string' ? found : undefined;
  }

  async saveStyle(user: UserKey, server: ServerKey, style: string | undefined): Promise<void> {
    const key = styleKey(user, server);
    await (style === undefined ? this.database.delete([key]) : this.write(key, style));
  }

  /** Everything here that is about the person, by key. */
  async export(user: UserKey): Promise<Readonly<Record<string, unknown>>> {
    const keys = await this.database.keys(`mine/${keyPart(user)}/`);
    const values = await this.database.getMany(keys);
    return Object.fromEntries(keys.map((key, index) => [decodeURIComponent(key.split('/')[2] ?? ''), values[index]]));
  }

  /** Forgets a person's choices. Blocks stay: they are the servers'. */
  async forget(user: UserKey): Promise<void> {
    await this.database.delete(await this.database.keys(`mine/${keyPart(user)}/`));
  }

  async isBlocked(server: ServerKey, user: UserKey): Promise<boolean> {
    return (await this.database.get(blockKey(server, user))) !== undefined;
  }

  async block(server: ServerKey, person: BlockedPerson): Promise<void> {
    await this.write(blockKey(server, person.user), person);
  }

  async unblock(server: ServerKey, user: UserKey): Promise<void> {
    await this.database.delete([blockKey(server, user)]);
  }

  async blocked(server: ServerKey): Promise<readonly BlockedPerson[]> {
    return (await this.readable(`block/${keyPart(server)}/`, blockedPerson)).map(({ value }) => value);
  }
}

function styleKey(user: UserKey, server: ServerKey): string {
  return `mine/${keyPart(user)}/${keyPart(server)}`;
}

function blockKey(server: ServerKey, user: UserKey): string {
  return `block/${keyPart(server)}/${keyPart(user)}`;
}
