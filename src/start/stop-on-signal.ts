/** Signals of the terminal as an `AbortSignal`, for commands that run for a while. Knows no command. */
import { Condition } from '../core/condition.ts';

/** Ctrl-C cancels at the next step instead of tearing the process down. */
export function stopOnSignal(): { readonly signal: AbortSignal; readonly forget: () => void } {
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    signal: abort.signal,
    forget: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

/** Waits for the signal that ends a long-running command. A second one ends the process at once. */
export async function untilStopped(): Promise<void> {
  const { signal, forget } = stopOnSignal();
  await new Condition().wait({ signal });
  forget();
}
