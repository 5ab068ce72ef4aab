/**
 * A small picture of each style: the same words and seed for all, drawn when first looked at, one after the other, and held
 * in memory. Knows neither HTTP nor how a style is made.
 */
import { UserError } from '../../core/errors.ts';
import type { LiveDrawing } from '../../core/live.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { LIMITS } from './limits.ts';
import type { WebChat } from './web-chat.ts';

const WORDS = 'a fox';
const SEED = 7;

export class StylePictures {
  readonly #live: LiveDrawing;
  readonly #chat: WebChat;
  readonly #held = new BoundedMap<string, Promise<Uint8Array | undefined>>({ maxCost: LIMITS.stylePictures });
  #last: Promise<unknown> = Promise.resolve();

  constructor(live: LiveDrawing, chat: WebChat) {
    this.#live = live;
    this.#chat = chat;
  }

  /** PNG bytes; undefined for a style that cannot be drawn with here. */
  picture(style: string): Promise<Uint8Array | undefined> {
    const held = this.#held.get(style);
    if (held !== undefined) {
      return held;
    }
    const drawn = this.#last.then(() => this.#draw(style));
    this.#last = drawn.catch(() => undefined);
    this.#held.set(style, drawn);
    drawn.then(
      // What could not be drawn now may be drawn later.
      (picture) => picture === undefined && this.#held.delete(style),
      () => this.#held.delete(style),
    );
    return drawn;
  }

  async #draw(style: string): Promise<Uint8Array | undefined> {
    // Nobody's: neither replaced by what somebody draws live, nor replacing it.
    const actor = this.#chat.actor('styles', '', false, 'en');
    const options = { prompt: WORDS, seed: SEED, style, count: 1 };
    try {
      const { signal } = new AbortController();
      const request = { options, isDraft: false, canvas: 'styles' };
      for await (const event of this.#live.draw(actor, this.#chat.place(actor), request, signal)) {
        if (event.kind === 'picture') {
          return event.data;
        }
      }
      return undefined;
    } catch (error) {
      if (error instanceof UserError) {
        return undefined;
      }
      throw error;
    }
  }
}
