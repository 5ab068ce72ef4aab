/** A bot's clock in the hands of a test. */

/** Time that moves only when it is told to. */
export const movedClock = () => {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  return {
    clock: {
      now: () => nowMs,
      after: (ms: number, run: () => void) => {
        const timer = { atMs: nowMs + ms, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    pass: async (ms: number) => {
      const until = nowMs + ms;
      for (;;) {
        const next = timers.filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) {
          break;
        }
        timers = timers.filter((timer) => timer !== next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = until;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
};
