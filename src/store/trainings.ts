/**
 * Styles that are being learnt from pictures: from the first picture until they are saved or discarded, and how long
 * each server has had a device for it. Kept so that a run is taken up after a restart and pictures are nobody's secret.
 */
import { z } from 'zod';
import { replyAddress } from '../core/job.ts';
import type { Parsed } from '../core/parsed.ts';
import { placeKey, type ServerKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

const trainingPicture = z.object({
  /** Among the kept files of kind `training`. */
  sha256: z.string(),
  /** As it was called. */
  name: z.string(),
  width: z.number(),
  height: z.number(),
  /** What is seen; '' where nobody said. */
  caption: z.string(),
  /** Who brought it, or whose message it was in. */
  by: placeKey,
});
export type TrainingPicture = Parsed<typeof trainingPicture>;

const training = z.object({
  version: z.literal(1),
  id: z.string(),
  server: placeKey,
  serverName: z.string(),
  isNsfwChannel: z.boolean(),
  locale: z.string(),
  name: z.string(),
  trigger: z.string(),
  /** The catalog id of the model that it is learnt on, and its fingerprint where it is known. */
  model: z.string(),
  base: z.string().optional(),
  /** Pixels. */
  width: z.number(),
  height: z.number(),
  by: placeKey,
  byName: z.string(),
  createdAtMs: z.number(),
  seed: z.number(),
  rounds: z.number(),
  pictures: z.array(trainingPicture),
  keepsPictures: z.boolean(),
  /** Of this style, all rounds. */
  deviceMs: z.number(),
  /** Where its one message stands; undefined while its form is open. */
  address: replyAddress.optional(),
  /**
   * `collecting`: pictures are added, and it can begin; `learning`: in line or on a device, taken up after a restart;
   * `learnt`: tried as a style's draft of the same id; `kept`: saved, and its pictures stay on purpose.
   */
  state: z.object({ kind: z.enum(['collecting', 'learning', 'learnt', 'kept']) }),
});
export type Training = Parsed<typeof training>;

/** Untouched for so long it is given up, with its pictures. */
const TTL_MS = 48 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

export class TrainingStore extends RecordStore {
  async get(id: string): Promise<Training | undefined> {
    return await this.read(trainingKey(id), training);
  }

  async save(changed: Training): Promise<void> {
    await this.write(trainingKey(changed.id), changed, changed.state.kind === 'kept' ? undefined : TTL_MS);
  }

  async remove(id: string): Promise<void> {
    await this.database.delete([trainingKey(id)]);
  }

  async all(): Promise<readonly Training[]> {
    return await this.readAll('training/', training);
  }

  async of(server: ServerKey): Promise<readonly Training[]> {
    return (await this.all()).filter((each) => each.server === server);
  }

  /** What a server had in the making; its pictures are swept with what nobody has in hand. */
  async forget(server: ServerKey): Promise<void> {
    await this.database.delete((await this.of(server)).map(({ id }) => trainingKey(id)));
  }

  /** The hashes of the pictures that some training still has. */
  async files(): Promise<ReadonlySet<string>> {
    return new Set((await this.all()).flatMap(({ pictures }) => pictures.map(({ sha256 }) => sha256)));
  }

  /** How long a server has had devices today, and when that begins anew. */
  async time(server: ServerKey, nowMs: number): Promise<{ readonly usedMs: number; readonly resetsAtMs: number }> {
    const resetsAtMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
    const found = await this.database.get(timeKey(server, nowMs));
    return { usedMs: typeof found === 'number' ? found : 0, resetsAtMs };
  }

  async spend(server: ServerKey, ms: number, nowMs: number): Promise<void> {
    const { usedMs } = await this.time(server, nowMs);
    await this.write(timeKey(server, nowMs), usedMs + ms, 2 * DAY_MS);
  }
}

function trainingKey(id: string): string {
  return `training/${keyPart(id)}`;
}

function timeKey(server: ServerKey, nowMs: number): string {
  return `training-time/${keyPart(server)}/${Math.floor(nowMs / DAY_MS)}`;
}
