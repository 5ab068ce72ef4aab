/**
 * Whether a server's answers are private where nobody says: asked within what an acknowledgement can wait. From a store
 * that is away nothing comes in time; then the last that was heard counts, and where nothing was, private: what was to be
 * seen by one person alone is not shown to all.
 */
import { BoundedMap } from '../core/bounded-map.ts';
import type { ServerKey } from '../core/people.ts';
import type { Stores } from '../store/index.ts';
import type { BotPorts } from './ports.ts';
import { within } from './timing.ts';

/** Of the platforms' three seconds, a second of which may go to writing the event down. */
const WITHIN_MS = 600;
const MOST_SERVERS = 5000;

type Ports = { readonly stores: Pick<Stores, 'settings'>; readonly clock: Pick<BotPorts['clock'], 'after'> };

export class UsualPrivacy {
  readonly #ports: Ports;
  readonly #known = new BoundedMap<ServerKey, boolean>({ maxCost: MOST_SERVERS });

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Never throws. */
  async of(server: ServerKey): Promise<boolean> {
    const told = await within(this.#ports.clock, WITHIN_MS, this.#ask(server));
    return told ?? this.#known.get(server) ?? true;
  }

  /** Remembered also where it comes too late for this once. */
  async #ask(server: ServerKey): Promise<boolean | undefined> {
    try {
      const { isPrivate = false } = await this.#ports.stores.settings.of(server);
      this.#known.set(server, isPrivate);
      return isPrivate;
    } catch {
      return undefined;
    }
  }
}
