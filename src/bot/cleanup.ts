/**
 * Every so often, what is past its time is deleted: jobs and their pictures after a month, what expires, and
 * what belongs to servers that have taken the bot away.
 */
import { isServed } from '../core/partition.ts';
import type { Stores } from '../store/index.ts';
import { parseRecord } from './inbox-record.ts';
import type { BotOptions, Clock, Log } from './ports.ts';
import { everySoOften } from './timing.ts';

/** How long a job is kept once it is over; its buttons work so long. */
export const JOB_KEPT_MS = 30 * 24 * 3_600_000;
const FIRST_MS = 60_000;
const EVERY_MS = 6 * 3_600_000;

type Keeper = {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: Log;
  readonly options: Pick<BotOptions, 'leftKeptMs' | 'partition'>;
};

/** Begins; the returned function ends it. */
export function startCleanup({ stores, clock, log, options }: Keeper): () => void {
  return everySoOften(clock, { firstMs: FIRST_MS, everyMs: EVERY_MS }, async () => {
    try {
      await stores.tidy(clock.now() - JOB_KEPT_MS);
      const due = await stores.departures.due(clock.now() - options.leftKeptMs);
      for (const server of due.filter((each) => isServed(each, options.partition))) {
        await stores.inbox.forget((record) => parseRecord(record)?.invocation.place.server === server);
        await stores.departures.forget(server);
        log.info({ server }, 'what was kept of a server that left is gone');
      }
    } catch (error) {
      log.warn({ err: error }, 'tidying up failed');
    }
  });
}
