/** A guild's own emoji and stickers: what Discord checks of them, its slots, and the permission that it asks for. */
import { z } from 'zod';

import { obey, refusals } from './failures.ts';
import type { Body } from './request-body.ts';
import { PERMISSIONS, type World } from './world.ts';

export type StoredExpression = {
  readonly id: string;
  readonly guild: string;
  readonly kind: 'emoji' | 'sticker';
  readonly name: string;
  readonly data: Uint8Array;
};

const LIMITS = { emoji: 256 * 1024, sticker: 512 * 1024 } as const;
const name = z.string().regex(/^\w{2,32}$/);
const emojiBody = z.object({ name, image: z.string().regex(/^data:image\/png;base64,/) });
const stickerBody = z.object({ name: z.string().min(2).max(30), description: z.string(), tags: z.string().min(1) });

export class ExpressionRoutes {
  readonly all: StoredExpression[] = [];
  /** Of each kind, in every guild. */
  slots = 50;
  readonly #world: World;
  readonly #permissionsIn: (guild: string) => bigint;

  constructor(world: World, permissionsIn: (guild: string) => bigint) {
    this.#world = world;
    this.#permissionsIn = permissionsIn;
  }

  addEmoji(guild: string, body: Body): unknown {
    const sent = obey(emojiBody, body.json);
    return this.#add({
      guild,
      kind: 'emoji',
      name: sent.name,
      data: Buffer.from(sent.image.split(',')[1] ?? '', 'base64'),
    });
  }

  addSticker(guild: string, body: Body): unknown {
    const sent = obey(stickerBody, body.json);
    return this.#add({ guild, kind: 'sticker', name: sent.name, data: body.files[0]?.data ?? new Uint8Array() });
  }

  remove(guild: string, kind: StoredExpression['kind'], id: string): void {
    this.#demand(guild);
    const at = this.all.findIndex((each) => each.guild === guild && each.kind === kind && each.id === id);
    if (at < 0) {
      throw refusals.unknownEmoji();
    }
    this.all.splice(at, 1);
  }

  #add(given: Omit<StoredExpression, 'id'>): unknown {
    this.#demand(given.guild);
    if (given.data[0] !== 0x89 || given.data.byteLength > LIMITS[given.kind]) {
      throw refusals.invalidBody(['image: no PNG within the limit']);
    }
    if (this.all.filter(({ guild, kind }) => guild === given.guild && kind === given.kind).length >= this.slots) {
      throw given.kind === 'emoji' ? refusals.emojiFull() : refusals.stickersFull();
    }
    const made = { ...given, id: this.#world.clock.nextId() };
    this.all.push(made);
    return { id: made.id, name: made.name };
  }

  #demand(guild: string): void {
    if ((this.#permissionsIn(guild) & PERMISSIONS.createExpressions) === 0n) {
      throw refusals.missingPermissions();
    }
  }
}
