/** Waiting by the bot's own clock. Knows nothing of what is waited for. */
import { deferred } from '../core/deferred.ts';
import type { Clock } from './ports.ts';

type Timer = Pick<Clock, 'after'>;

export async function sleep(clock: Timer, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.after(ms, resolve);
  });
}

/** What the work gives, or undefined when it takes longer; the work itself goes on. */
export async function within<T>(clock: Timer, ms: number, work: Promise<T>): Promise<T | undefined> {
  const late = deferred<undefined>();
  const disarm = clock.after(ms, () => late.resolve(undefined));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    disarm();
  }
}

/** Once after `firstMs`, and each time so long after the last has ended, which must not throw; the returned function ends it. */
export function everySoOften(
  clock: Timer,
  { firstMs, everyMs }: { readonly firstMs: number; readonly everyMs: number },
  act: () => Promise<void>,
): () => void {
  const over = new AbortController();
  let disarm = clock.after(firstMs, run);
  function run(): void {
    void act().finally(() => {
      disarm = over.signal.aborted ? disarm : clock.after(everyMs, run);
    });
  }
  return () => {
    over.abort();
    disarm();
  };
}
