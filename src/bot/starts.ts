/**
 * Pictures that somebody chose to start from and is writing the words for: fetched meanwhile, kept by the form's id for
 * an hour, and nobody else's to use.
 */
import { BoundedMap } from '../core/bounded-map.ts';
import type { UserKey } from '../core/people.ts';
import type { Stores } from '../store/index.ts';
import type { ResolveContext } from './resolve.ts';

type Start = NonNullable<ResolveContext['init']>;
type Coming = { readonly by: UserKey; readonly start: Promise<Start> };

const KEPT = 1000;

export class Starts {
  readonly #stores: Pick<Stores, 'starts'>;
  readonly #coming = new BoundedMap<string, Coming>({ maxCost: KEPT });

  constructor(stores: Pick<Stores, 'starts'>) {
    this.#stores = stores;
  }

  /** Fetches it now; what goes wrong is told to whoever asks for it. */
  begin(id: string, by: UserKey, fetch: () => Promise<Start>): void {
    const start = fetch().then(async (fetched) => {
      await this.#stores.starts.save(id, { ...fetched, by });
      return fetched;
    });
    start.catch(() => undefined);
    this.#coming.set(id, { by, start });
  }

  /** Waits for it. Throws what fetching it threw; undefined where it is not known any more, or somebody else's. */
  async of(id: string, asker: UserKey): Promise<Start | undefined> {
    const coming = this.#coming.get(id);
    if (coming?.by === asker) {
      return await coming.start;
    }
    const kept = await this.#stores.starts.get(id);
    return kept?.by === undefined || kept.by === asker ? kept : undefined;
  }

  /** Forgets what somebody chose; resolves to its files. */
  async forget(by: UserKey): Promise<readonly string[]> {
    const own = this.#coming.deleteWhere((coming) => coming.by === by);
    await Promise.allSettled(own.map(({ start }) => start));
    return await this.#stores.starts.forget(by);
  }
}
