/** What every run of a test's training has: it keeps a checkpoint each second step, alone on one thread, and no clock. */
export function quietRun(checkpoint: string) {
  return {
    checkpoint,
    saveEvery: 2,
    freeBytes: 8e9,
    startup: 'fast',
    threads: 1,
    signal: new AbortController().signal,
    nowMs: () => 0,
  } as const;
}
