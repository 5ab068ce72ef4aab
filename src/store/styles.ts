/** The styles that servers added, the ones being tried, and how often each style is used. */
import { z } from 'zod';
import type { ServerKey, UserKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';
import {
  draftSchema,
  presetSchema,
  type RemovedStyle,
  removedSchema,
  type StyleDraft,
  type StylePreset,
} from './style-records.ts';

const DRAFT_TTL_MS = 24 * 3_600_000;

export class StyleStore extends RecordStore {
  /** By name. */
  async of(server: ServerKey): Promise<readonly StylePreset[]> {
    return await this.readAll(`style/${keyPart(server)}/`, presetSchema);
  }

  async get(server: ServerKey, id: string): Promise<StylePreset | undefined> {
    return await this.read(presetKey(server, id), presetSchema);
  }

  async save(server: ServerKey, preset: StylePreset): Promise<void> {
    await this.write(presetKey(server, preset.id), preset);
  }

  async remove(server: ServerKey, id: string): Promise<void> {
    await this.database.delete([presetKey(server, id)]);
  }

  /** Removes it; what is kept of it, its LoRA too, goes after a day. */
  async putAside(id: string, removed: RemovedStyle): Promise<void> {
    await this.write(removedKey(id), removed, DRAFT_TTL_MS);
    await this.remove(removed.server, removed.preset.id);
  }

  async putAsideOf(id: string): Promise<RemovedStyle | undefined> {
    return await this.read(removedKey(id), removedSchema);
  }

  async bringBack(id: string, { server, preset }: RemovedStyle): Promise<void> {
    await this.save(server, preset);
    await this.database.delete([removedKey(id)]);
  }

  /** Drafts, and what was removed: presets go with the server's other records. */
  async forget(server: ServerKey): Promise<void> {
    const drafts = (await this.drafts()).filter((draft) => draft.server === server);
    const aside = (await this.readable('removed/', removedSchema)).filter(({ value }) => value.server === server);
    await this.database.delete([...drafts.map(({ id }) => draftKey(id)), ...aside.map(({ key }) => key)]);
  }

  /** Drafts that a person began. */
  async forgetDraftsOf(user: UserKey): Promise<void> {
    const own = (await this.drafts()).filter(({ preset }) => preset.addedBy === user);
    await this.database.delete(own.map(({ id }) => draftKey(id)));
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
    const presets = await this.#presets(server === undefined ? 'style/' : `style/${keyPart(server)}/`);
    const removed = (await this.readable('removed/', removedSchema)).map(({ value }) => value);
    const others = [...(await this.drafts()), ...removed].filter(
      (each) => server === undefined || each.server === server,
    );
    return new Set([...presets, ...others.map(({ preset }) => preset)].map(({ sha256 }) => sha256));
  }

  /** Of all servers: those that were learnt from pictures of that person. */
  async learntFrom(user: UserKey): Promise<readonly StylePreset[]> {
    return (await this.#presets('style/')).filter(({ made }) => made?.people.includes(user) === true);
  }

  async #presets(prefix: string): Promise<readonly StylePreset[]> {
    return (await this.readable(prefix, presetSchema)).map(({ value }) => value);
  }

  /** How often each style was used here, by id. */
  async uses(server: ServerKey): Promise<Readonly<Record<string, number>>> {
    const found = await this.database.get(usesKey(server));
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
    await this.write(usesKey(server), { ...uses, ...counted });
  }

  async draft(id: string): Promise<StyleDraft | undefined> {
    return await this.read(draftKey(id), draftSchema);
  }

  async saveDraft(draft: StyleDraft): Promise<void> {
    await this.write(draftKey(draft.id), draft, DRAFT_TTL_MS);
  }

  async removeDraft(id: string): Promise<void> {
    await this.database.delete([draftKey(id)]);
  }

  /** All that are open, for taking up what a stop has interrupted. */
  async drafts(): Promise<readonly StyleDraft[]> {
    return await this.readAll('draft/', draftSchema);
  }
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
