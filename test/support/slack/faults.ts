/** What can go wrong on purpose, per method of the Web API (`response_url` and `upload` count as methods), in order. */
export type Fault =
  | { readonly kind: 'rate-limit'; readonly retryAfterS: number }
  | { readonly kind: 'status'; readonly status: number }
  /** The connection is cut before the call is carried out, or after. */
  | { readonly kind: 'reset'; readonly when: 'before' | 'after' }
  | { readonly kind: 'error'; readonly code: string }
  | { readonly kind: 'delay'; readonly ms: number };

export class Faults {
  readonly #waiting = new Map<string, Fault[]>();

  /** The next `times` calls of the method fail so. */
  next(method: string, fault: Fault, times = 1): void {
    const list = this.#waiting.get(method) ?? [];
    list.push(...Array.from({ length: times }, () => fault));
    this.#waiting.set(method, list);
  }

  take(method: string): Fault | undefined {
    return this.#waiting.get(method)?.shift();
  }

  left(method: string): number {
    return this.#waiting.get(method)?.length ?? 0;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
