/**
 * Servers that have taken the bot away, and what leaves with them: settings, styles and their files, jobs and their
 * pictures, blocks, counts and the list of changes. A server that takes the bot back in time loses nothing.
 */
import { z } from 'zod';

import type { Platform, ServerKey } from '../core/people.ts';
import { startFiles } from '../core/request.ts';
import { type Database, keyPart } from './database.ts';
import { InstallationStore } from './installations.ts';
import type { FileStore } from './files.ts';
import type { JobStore } from './jobs.ts';
import type { StyleStore } from './styles.ts';
import type { TrainingStore } from './trainings.ts';

const LEFT = 'left/';
const schema = z.object({ server: z.custom<ServerKey>((value) => typeof value === 'string'), atMs: z.number() });
/** What is kept of a server under its own key, or below it. */
const OWN = ['settings', 'by-server', 'style', 'style-uses', 'block', 'audit', 'quota/server', 'training-time'];
/** What is kept of a person on a server. */
const OF_PEOPLE = ['mine/', 'quota/user/'];
/** What a server that is known has at least one of. */
const TRACES = ['settings', 'style', 'by-server', 'block', 'audit'];

export type DepartureParts = {
  readonly database: Database;
  readonly jobs: JobStore;
  readonly styles: StyleStore;
  readonly trainings: TrainingStore;
  readonly files: FileStore;
};

export class DepartureStore {
  readonly #parts: DepartureParts;

  constructor(parts: DepartureParts) {
    this.#parts = parts;
  }

  /** It counts from the first time it is heard. */
  async left(server: ServerKey, atMs: number): Promise<void> {
    if ((await this.#parts.database.get(keyOf(server))) === undefined) {
      await this.#parts.database.put([{ key: keyOf(server), value: { server, atMs } }]);
    }
  }

  async back(server: ServerKey): Promise<void> {
    await this.#parts.database.delete([keyOf(server)]);
  }

  /** Servers that left before. */
  async due(beforeMs: number): Promise<readonly ServerKey[]> {
    const found = await this.#parts.database.getMany(await this.#parts.database.keys(LEFT));
    return found.flatMap((value) => {
      const parsed = schema.safeParse(value).data;
      return parsed === undefined || parsed.atMs > beforeMs ? [] : [parsed.server];
    });
  }

  /** Servers of a platform of which something is kept. */
  async known(platform: Platform): Promise<ReadonlySet<ServerKey>> {
    const prefix = keyPart(`${platform}:`);
    const keys = await Promise.all(TRACES.map(async (kind) => this.#parts.database.keys(`${kind}/${prefix}`)));
    const names = keys.flat().map((key) => decodeURIComponent(key.split('/')[1] ?? ''));
    return new Set(names.filter((name) => !name.startsWith(`${platform}:dm-`)) as readonly ServerKey[]);
  }

  /** Deletes all that is kept of the server. */
  async forget(server: ServerKey): Promise<void> {
    const { database, jobs, styles, trainings, files } = this.#parts;
    const loras = await styles.files(server);
    for (const job of await jobs.recent(server, Number.POSITIVE_INFINITY)) {
      const pictures = job.state.kind === 'done' ? job.state.pictures.map(({ file }) => file) : [];
      const starts = job.work.kind === 'imagine' ? startFiles(job.work.request) : [];
      await Promise.all([...pictures, ...starts].filter((file) => file !== '').map(async (file) => files.remove(file)));
      await jobs.delete(job);
    }
    await styles.forget(server);
    for (const { id } of await trainings.of(server)) {
      await files.removeRun(id);
    }
    await trainings.forget(server);
    const own = await Promise.all(
      OWN.map(async (kind) => [`${kind}/${keyPart(server)}`, ...(await database.keys(`${kind}/${keyPart(server)}/`))]),
    );
    const ofPeople = await Promise.all(OF_PEOPLE.map(async (prefix) => database.keys(prefix)));
    await database.delete([...own.flat(), ...ofPeople.flat().filter((key) => key.endsWith(`/${keyPart(server)}`))]);
    const used = await styles.files();
    await Promise.all(
      [...loras]
        .filter((hash) => !used.has(hash))
        .map(async (hash) => files.remove(files.pathOf('loras', hash, '.safetensors'))),
    );
    await new InstallationStore(database).forget(server);
    await this.back(server);
  }
}

function keyOf(server: ServerKey): string {
  return `${LEFT}${keyPart(server)}`;
}
