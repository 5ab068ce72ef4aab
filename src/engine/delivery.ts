/**
 * What leaves the loop: finished pictures decoded, several in a call where the device gains by it, and previews. One call of
 * each between two UNet calls, so that nobody waits long for the next one. Knows no order of steps and no session.
 */
import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';
import type { Generation, Member } from './generation.ts';

export type DeliveryOptions = {
  /** Pictures of one call; fewer once the device had no room for them. */
  readonly maxDecodes: number;
  /** Milliseconds. */
  readonly now: () => number;
  /** A call of these took so long. */
  readonly took: (members: readonly Member[], ms: number) => void;
  /** All its pictures are delivered. */
  readonly done: (generation: Generation) => void;
  readonly failed: (generation: Generation, error: unknown) => void;
};

export class Delivery {
  readonly #options: DeliveryOptions;
  #maxDecodes: number;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#maxDecodes = options.maxDecodes;
  }

  /** One call of finished pictures, more where more than `mostWaiting` have piled up, and one preview. */
  async collect(members: readonly Member[], mostWaiting: number): Promise<void> {
    let finished = members.filter(({ picture }) => picture.task.stepsLeft === 0 && !picture.isDelivered);
    do {
      const together = decodedTogether(finished, this.#maxDecodes);
      await this.#deliver(together);
      finished = finished.filter((member) => !together.includes(member) && isAwaited(member));
    } while (finished.length > mostWaiting);
    const wanted = members.find(({ picture }) => picture.previewDue !== undefined);
    if (wanted !== undefined) {
      await this.#preview(wanted);
    }
  }

  /** Of one model, size and decoder. */
  async #deliver(members: readonly Member[]): Promise<void> {
    const [first] = members;
    if (first === undefined) {
      return;
    }
    const { now, took } = this.#options;
    const startedAt = now();
    const { model, size, decoder, styles } = first.generation;
    const { isPassing } = styles;
    const most = mostTogether(first.generation, this.#maxDecodes);
    const latents = members.map(({ picture }) => picture.task.latents);
    let pixels: readonly Picture[];
    try {
      pixels = await withAlpha(members, await model.decode(latents, size, { decoder, isPassing, most }));
    } catch (error) {
      await this.#deliverApart(members, error);
      return;
    }
    const decodeMs = now() - startedAt;
    members.forEach((member, k) => this.#hand(member, pixels[k], decodeMs / members.length));
    took(members, decodeMs);
  }

  /** What a call of several could not decode is tried with each alone. */
  async #deliverApart(members: readonly Member[], error: unknown): Promise<void> {
    if (members.length === 1) {
      members.forEach(({ generation }) => this.#options.failed(generation, error));
      return;
    }
    if (error instanceof UserError && error.code === 'device.memory') {
      this.#maxDecodes = Math.floor(members.length / 2);
    }
    for (const member of members) {
      await this.#deliver([member].filter(isAwaited));
    }
  }

  /** Whoever cannot be handed a picture fails alone: those before have theirs, those after get theirs. */
  #hand({ generation, picture }: Member, pixels: Picture | undefined, decode: number): void {
    const { done, failed } = this.#options;
    try {
      if (pixels === undefined) {
        throw new Error('the decoder gave fewer pictures than it was given');
      }
      const { index, seed, textMs: text, denoiseMs: denoise } = picture;
      const ms = { text, denoise, decode, total: text + denoise + decode };
      generation.events.push({ kind: 'picture', index, seed, picture: pixels, ms });
      picture.isDelivered = true;
      if (generation.pictures.every(({ isDelivered }) => isDelivered)) {
        done(generation);
        generation.events.end();
      }
    } catch (error) {
      failed(generation, error);
    }
  }

  async #preview({ generation, picture }: Member): Promise<void> {
    const step = picture.previewDue;
    const { guess, steps } = picture.task;
    picture.previewDue = undefined;
    if (step === undefined || guess === undefined) {
      return;
    }
    try {
      const pixels = await generation.model.preview(guess, generation.size);
      generation.events.push({ kind: 'preview', index: picture.index, step, steps, picture: pixels });
    } catch (error) {
      this.#options.failed(generation, error);
    }
  }
}

/** Their pictures, with alpha those that are to be transparent. */
async function withAlpha(members: readonly Member[], pixels: readonly Picture[]): Promise<readonly Picture[]> {
  const clear = pixels.flatMap((made, k) => {
    const member = members[k];
    return member?.generation.isTransparent === true ? [{ made, ...member }] : [];
  });
  const [first] = clear;
  if (first === undefined) {
    return pixels;
  }
  const { model, size, styles } = first.generation;
  const pictures = clear.map(({ made }) => made);
  const latents = clear.map(({ picture }) => picture.task.latents);
  const alphas = await model.alphas(pictures, latents, size, styles.isPassing);
  return pixels.map((picture) => {
    const alpha = alphas?.[pictures.indexOf(picture)];
    return alpha === undefined ? picture : { ...picture, alpha };
  });
}

/** Another picture of the same request may have failed meanwhile. */
function isAwaited({ generation }: Member): boolean {
  return generation.events.isOpen;
}

/** The first, and those that can share its call. */
function decodedTogether(finished: readonly Member[], most: number): readonly Member[] {
  const [first] = finished;
  const same = finished.filter(
    ({ generation: { model, size, decoder, styles } }) =>
      model === first?.generation.model &&
      decoder === first.generation.decoder &&
      styles.isPassing === first.generation.styles.isPassing &&
      size.height === first.generation.size.height &&
      size.width === first.generation.size.width,
  );
  return same.slice(0, first && mostTogether(first.generation, most));
}

function mostTogether({ mostDecodes = Number.POSITIVE_INFINITY }: Generation, most: number): number {
  return Math.max(1, Math.min(most, mostDecodes));
}
