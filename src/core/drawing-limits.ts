/**
 * What the numbers of a drawing can be, in one table: in chats and on the page, where many share a device, and on the
 * command line, where one asks one's own machine and the engine's bounds are the only ones. A server's settings narrow the
 * first further.
 */
export const DRAWING_LIMITS = {
  seed: { min: 0, max: 4_294_967_295 },
  steps: { min: 1, max: 8 },
  guidance: { min: 1, max: 15 },
  count: { min: 1, max: 4 },
  strength: { min: 0.05, max: 1 },
} as const;

export const OWN_MACHINE_LIMITS = {
  ...DRAWING_LIMITS,
  seed: { min: 0, max: 2 ** 53 - 1 },
  steps: { min: 1, max: 150 },
  guidance: { min: 0, max: 30 },
  count: { min: 1, max: 10_000 },
} as const;

/** Characters of what is written. */
export const TEXT_LIMITS = { prompt: 2000, negative: 1000 } as const;
