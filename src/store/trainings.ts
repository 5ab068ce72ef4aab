/**
 * Styles that are being learnt from pictures: from the first picture until they are saved or discarded, and how long
 * each server has had a device for it. Kept so that a run is taken up after a restart and pictures are nobody's secret.
 */
import { z } from 'zod';
import type { ReplyAddress } from '../core/job.ts';
import { PLATFORMS, type ServerKey, type UserKey } from '../core/people.ts';
import { corruptStore, type Database, keyPart } from './database.ts';

export type TrainingPicture = {
  /** Among the kept files of kind `training`. */
  readonly sha256: string;
  /** As it was called. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** What is seen; '' where nobody said. */
  readonly caption: string;
  /** Who brought it, or whose message it was in. */
  readonly by: UserKey;
};

export type TrainingState =
  /** Pictures are added, and it can begin. */
  | { readonly kind: 'collecting' }
  /** In line or on a device; taken up after a restart. */
  | { readonly kind: 'learning' }
  /** Tried as a style's draft of the same id. */
  | { readonly kind: 'learnt' }
  /** Saved; its pictures stay on purpose. */
  | { readonly kind: 'kept' };

export type Training = {
  readonly version: 1;
  readonly id: string;
  readonly server: ServerKey;
  readonly serverName: string;
  readonly isNsfwChannel: boolean;
  readonly locale: string;
  readonly name: string;
  readonly trigger: string;
  /** The catalog id of the model that it is learnt on, and its fingerprint where it is known. */
  readonly model: string;
  readonly base?: string | undefined;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly by: UserKey;
  readonly byName: string;
  readonly createdAtMs: number;
  readonly seed: number;
  readonly rounds: number;
  readonly pictures: readonly TrainingPicture[];
  readonly keepsPictures: boolean;
  /** Of this style, all rounds. */
  readonly deviceMs: number;
  /** Where its one message stands; undefined while its form is open. */
  readonly address?: ReplyAddress | undefined;
  readonly state: TrainingState;
};

// A key's shape is the platform's business; it was written by this program.
const key = z.custom<ServerKey>((value) => typeof value === 'string' && value.includes(':'));
const schema = z.object({
  version: z.literal(1),
  id: z.string(),
  server: key,
  serverName: z.string(),
  isNsfwChannel: z.boolean(),
  locale: z.string(),
  name: z.string(),
  trigger: z.string(),
  model: z.string(),
  base: z.string().optional(),
  width: z.number(),
  height: z.number(),
  by: key,
  byName: z.string(),
  createdAtMs: z.number(),
  seed: z.number(),
  rounds: z.number(),
  pictures: z.array(
    z.object({
      sha256: z.string(),
      name: z.string(),
      width: z.number(),
      height: z.number(),
      caption: z.string(),
      by: key,
    }),
  ),
  keepsPictures: z.boolean(),
  deviceMs: z.number(),
  address: z
    .object({
      platform: z.enum(PLATFORMS),
      data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    })
    .optional(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('collecting') }),
    z.object({ kind: z.literal('learning') }),
    z.object({ kind: z.literal('learnt') }),
    z.object({ kind: z.literal('kept') }),
  ]),
}) satisfies z.ZodType<Training>;

/** Untouched for so long it is given up, with its pictures. */
const TTL_MS = 48 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

export class TrainingStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(id: string): Promise<Training | undefined> {
    const found = await this.#database.get(trainingKey(id));
    return found === undefined ? undefined : parse(found);
  }

  async save(training: Training): Promise<void> {
    const lasting = training.state.kind === 'kept' ? {} : { ttlMs: TTL_MS };
    await this.#database.put([{ key: trainingKey(training.id), value: training, ...lasting }]);
  }

  async remove(id: string): Promise<void> {
    await this.#database.delete([trainingKey(id)]);
  }

  async all(): Promise<readonly Training[]> {
    const found = await this.#database.getMany(await this.#database.keys('training/'));
    return found.filter((value) => value !== undefined).map(parse);
  }

  async of(server: ServerKey): Promise<readonly Training[]> {
    return (await this.all()).filter((training) => training.server === server);
  }

  /** What a server had in the making; its pictures are swept with what nobody has in hand. */
  async forget(server: ServerKey): Promise<void> {
    await this.#database.delete((await this.of(server)).map(({ id }) => trainingKey(id)));
  }

  /** The hashes of the pictures that some training still has. */
  async files(): Promise<ReadonlySet<string>> {
    return new Set((await this.all()).flatMap(({ pictures }) => pictures.map(({ sha256 }) => sha256)));
  }

  /** How long a server has had devices today, and when that begins anew. */
  async time(server: ServerKey, nowMs: number): Promise<{ readonly usedMs: number; readonly resetsAtMs: number }> {
    const resetsAtMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
    const found = await this.#database.get(timeKey(server, nowMs));
    return { usedMs: typeof found === 'number' ? found : 0, resetsAtMs };
  }

  async spend(server: ServerKey, ms: number, nowMs: number): Promise<void> {
    const { usedMs } = await this.time(server, nowMs);
    await this.#database.put([{ key: timeKey(server, nowMs), value: usedMs + ms, ttlMs: 2 * DAY_MS }]);
  }
}

function parse(value: unknown): Training {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw corruptStore('training', z.prettifyError(parsed.error));
  }
  return parsed.data;
}

function trainingKey(id: string): string {
  return `training/${keyPart(id)}`;
}

function timeKey(server: ServerKey, nowMs: number): string {
  return `training-time/${keyPart(server)}/${Math.floor(nowMs / DAY_MS)}`;
}
