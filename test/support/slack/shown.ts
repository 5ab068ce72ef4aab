/** A message that somebody in Slack sees, waited for: the bot answers in its own time. */
import { vi } from 'vitest';

import type { Seen } from './screen.ts';

/** For all that a journey in Slack waits for. */
export const PATIENT = { timeout: 40_000, interval: 20 } as const;

/** The last of what `who` sees that fits; the error names all that is there instead. */
export function shown(who: { sees(): readonly Seen[] }, fits: (message: Seen) => boolean): Promise<Seen> {
  return vi.waitFor(() => {
    const messages = who.sees();
    const message = messages.findLast(fits);
    if (message === undefined) {
      const all = messages.map(({ words, buttons }) => `${words} [${buttons.map(({ label }) => label).join(' ')}]`);
      throw new Error(`none of these:\n${all.join('\n')}`);
    }
    return message;
  }, PATIENT);
}
