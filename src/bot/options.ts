/** What an operator's settings mean for the bot: limits and word lists, with what stands fast beside what can be set. */
import { limitsFrom, type LimitSettings } from './limits.ts';
import type { BotOptions } from './ports.ts';
import { adultWords } from './safety/adult-words.ts';

export type OperatorSettings = {
  readonly limits: LimitSettings;
  /** Refused everywhere. */
  readonly blockedWords: readonly string[];
  /** Besides the usual ones. */
  readonly adultWords: readonly string[];
};

/** `model`: the id of the model of servers that chose none. */
export function botOptions(settings: OperatorSettings, model: string): BotOptions {
  return {
    model,
    blockedWords: settings.blockedWords,
    adultWords: [...adultWords(), ...settings.adultWords],
    ...limitsFrom(settings.limits),
  };
}
