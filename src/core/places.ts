/** How many hold a place at once, in all and for each of some keys. In memory; knows nothing of what is held. */
export type PlaceLimit = { readonly key: string; readonly max: number };

/** Places that are taken and given back: each taken under several keys at once, all of which have a limit. */
export class Places {
  readonly #taken = new Map<string, number>();

  /** What gives the place back (once, however often it is called); undefined where any of the limits is reached. */
  take(limits: readonly PlaceLimit[]): (() => void) | undefined {
    if (limits.some(({ key, max }) => this.taken(key) >= max)) {
      return undefined;
    }
    for (const { key } of limits) {
      this.#taken.set(key, this.taken(key) + 1);
    }
    let isHeld = true;
    return () => {
      if (isHeld) {
        isHeld = false;
        limits.forEach(({ key }) => this.#giveBack(key));
      }
    };
  }

  taken(key: string): number {
    return this.#taken.get(key) ?? 0;
  }

  #giveBack(key: string): void {
    const left = this.taken(key) - 1;
    if (left > 0) {
      this.#taken.set(key, left);
    } else {
      this.#taken.delete(key);
    }
  }
}
