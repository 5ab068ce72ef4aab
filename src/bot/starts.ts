/**
 * Pictures that somebody chose to start from and is writing the words for: fetched meanwhile, kept by the form's id for
 * an hour.
 */
import type { Stores } from '../store/index.ts';
import type { ResolveContext } from './resolve.ts';

type Start = NonNullable<ResolveContext['init']>;

const KEPT = 1000;

export class Starts {
  readonly #stores: Pick<Stores, 'starts'>;
  readonly #coming = new Map<string, Promise<Start>>();

  constructor(stores: Pick<Stores, 'starts'>) {
    this.#stores = stores;
  }

  /** Fetches it now; what goes wrong is told to whoever asks for it. */
  begin(id: string, fetch: () => Promise<Start>): void {
    const coming = fetch().then(async (start) => {
      await this.#stores.starts.save(id, start);
      return start;
    });
    coming.catch(() => undefined);
    this.#coming.set(id, coming);
    const [oldest] = this.#coming.keys();
    if (this.#coming.size > KEPT && oldest !== undefined) {
      this.#coming.delete(oldest);
    }
  }

  /** Waits for it. Throws what fetching it threw; undefined where it is not known any more. */
  async of(id: string): Promise<Start | undefined> {
    return (await this.#coming.get(id)) ?? (await this.#stores.starts.get(id));
  }
}
