/** Changes of what is kept of styles in the making: of one style, one after the other, so that none is lost. */
import type { Stores, Training } from '../../store/index.ts';
import { refusal } from '../refusal.ts';

export class TrainingChanges {
  readonly #trainings: Stores['trainings'];
  /** The last of each, while it lasts. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(trainings: Stores['trainings']) {
    this.#trainings = trainings;
  }

  /** Throws `UserError` `train.gone`. */
  async change(id: string, change: (training: Training) => Training): Promise<Training> {
    const before = this.#last.get(id) ?? Promise.resolve();
    const changed = this.#after(before, id, change);
    const settled = changed.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(id, settled);
    try {
      return await changed;
    } finally {
      if (this.#last.get(id) === settled) {
        this.#last.delete(id);
      }
    }
  }

  async #after(before: Promise<void>, id: string, change: (training: Training) => Training): Promise<Training> {
    await before;
    const known = await this.#trainings.get(id);
    if (known === undefined) {
      throw refusal('train.gone');
    }
    const now = change(known);
    await this.#trainings.save(now);
    return now;
  }
}
