/** The styles that servers added, the ones being tried, and how often each style is used. */
import { z } from 'zod';
import type { ServerKey, UserKey } from '../core/people.ts';
import { corruptStore, type Database, keyPart } from './database.ts';
import {
  draftSchema,
  presetSchema,
  type RemovedStyle,
  removedSchema,
  type StyleDraft,
  type StylePreset,
} from './style-records.ts';

const DRAFT_TTL_MS = 24 * 3_600_000;

export class StyleStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** By name. */
  async of(server: ServerKey): Promise<readonly StylePreset[]> {
    const keys = await this.#database.keys(`style/${keyPart(server)}/`);
    const found = await this.#database.getMany(keys);
    return found.flatMap((value, index) =>
      value === undefined ? [] : [parse(presetSchema, keys[index] ?? '', value)],
    );
  }

  async get(server: ServerKey, id: string): Promise<StylePreset | undefined> {
    const found = await this.#database.get(presetKey(server, id));
    return found === undefined ? undefined : parse(presetSchema, presetKey(server, id), found);
  }

  async save(server: ServerKey, preset: StylePreset): Promise<void> {
    await this.#database.put([{ key: presetKey(server, preset.id), value: preset }]);
  }

  async remove(server: ServerKey, id: string): Promise<void> {
    await this.#database.delete([presetKey(server, id)]);
  }

  /** Removes it; what is kept of it, its LoRA too, goes after a day. */
  async putAside(id: string, removed: RemovedStyle): Promise<void> {
    await this.#database.put([{ key: removedKey(id), value: removed, ttlMs: DRAFT_TTL_MS }]);
    await this.remove(removed.server, removed.preset.id);
  }

  async putAsideOf(id: string): Promise<RemovedStyle | undefined> {
    const found = await this.#database.get(removedKey(id));
    return found === undefined ? undefined : parse(removedSchema, removedKey(id), found);
  }

  async bringBack(id: string, { server, preset }: RemovedStyle): Promise<void> {
    await this.save(server, preset);
    await this.#database.delete([removedKey(id)]);
  }

  /** Drafts, and what was removed: presets go with the server's other records. */
  async forget(server: ServerKey): Promise<void> {
    const drafts = (await this.drafts()).filter((draft) => draft.server === server);
    const keys = await this.#database.keys('removed/');
    const aside = (await this.#database.getMany(keys)).flatMap((value, index) =>
      removedSchema.safeParse(value).data?.server === server ? (keys[index] ?? []) : [],
    );
    await this.#database.delete([...drafts.map(({ id }) => draftKey(id)), ...aside]);
  }

  /** Drafts that a person began. */
  async forgetDraftsOf(user: UserKey): Promise<void> {
    const own = (await this.drafts()).filter(({ preset }) => preset.addedBy === user);
    await this.#database.delete(own.map(({ id }) => draftKey(id)));
  }

  async #removed(): Promise<readonly RemovedStyle[]> {
    const found = await this.#database.getMany(await this.#database.keys('removed/'));
    return found.flatMap((value) => removedSchema.safeParse(value).data ?? []);
  }

  async rename(server: ServerKey, from: string, preset: StylePreset): Promise<void> {
    await this.save(server, preset);
    if (preset.id !== from) {
      await this.remove(server, from);
    }
  }

  /** Some server has a style of this LoRA, or tries one. */
  async usesFile(sha256: string): Promise<boolean> {
    return (await this.files()).has(sha256);
  }

  /** The hashes of the LoRAs of all styles and drafts, or of one server's. */
  async files(server?: ServerKey): Promise<ReadonlySet<string>> {
    const prefix = server === undefined ? 'style/' : `style/${keyPart(server)}/`;
    const found = await this.#database.getMany(await this.#database.keys(prefix));
    const presets = found.flatMap((value) => presetSchema.safeParse(value).data ?? []);
    const drafts = (await this.drafts()).filter((draft) => server === undefined || draft.server === server);
    const aside = (await this.#removed()).filter((each) => server === undefined || each.server === server);
    const all = [...presets, ...[...drafts, ...aside].map(({ preset }) => preset)];
    return new Set(all.map(({ sha256 }) => sha256));
  }

  /** Of all servers: those that were learnt from pictures of that person. */
  async learntFrom(user: UserKey): Promise<readonly StylePreset[]> {
    const found = await this.#database.getMany(await this.#database.keys('style/'));
    const presets = found.flatMap((value) => presetSchema.safeParse(value).data ?? []);
    return presets.filter(({ made }) => made?.people.includes(user) === true);
  }

  /** How often each style was used here, by id. */
  async uses(server: ServerKey): Promise<Readonly<Record<string, number>>> {
    const found = await this.#database.get(usesKey(server));
    return z
      .record(z.string(), z.number())
      .catch({})
      .parse(found ?? {});
  }

  async countUse(server: ServerKey, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) {
      return;
    }
    const uses = await this.uses(server);
    const counted = Object.fromEntries(ids.map((id) => [id, (uses[id] ?? 0) + 1]));
    await this.#database.put([{ key: usesKey(server), value: { ...uses, ...counted } }]);
  }

  async draft(id: string): Promise<StyleDraft | undefined> {
    const found = await this.#database.get(draftKey(id));
    return found === undefined ? undefined : parse(draftSchema, draftKey(id), found);
  }

  async saveDraft(draft: StyleDraft): Promise<void> {
    await this.#database.put([{ key: draftKey(draft.id), value: draft, ttlMs: DRAFT_TTL_MS }]);
  }

  async removeDraft(id: string): Promise<void> {
    await this.#database.delete([draftKey(id)]);
  }

  /** All that are open, for taking up what a stop has interrupted. */
  async drafts(): Promise<readonly StyleDraft[]> {
    const keys = await this.#database.keys('draft/');
    const found = await this.#database.getMany(keys);
    return found.filter((value) => value !== undefined).map((value) => parse(draftSchema, 'draft', value));
  }
}

function parse<T>(schema: z.ZodType<T>, name: string, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw corruptStore(name, z.prettifyError(parsed.error));
  }
  return parsed.data;
}

function presetKey(server: ServerKey, id: string): string {
  return `style/${keyPart(server)}/${keyPart(id)}`;
}

function usesKey(server: ServerKey): string {
  return `style-uses/${keyPart(server)}`;
}

function removedKey(id: string): string {
  return `removed/${keyPart(id)}`;
}

function draftKey(id: string): string {
  return `draft/${keyPart(id)}`;
}
