/** Signals of the terminal as an `AbortSignal`, for commands that run for a while. Knows no command. */

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
