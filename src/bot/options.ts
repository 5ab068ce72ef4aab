/** What an operator's settings mean for the bot: limits and word lists, with what stands fast beside what can be set. */
import type { Partition } from '../core/partition.ts';
import { limitsFrom, type LimitSettings } from './limits.ts';
import type { BotOptions } from './ports.ts';
import { adultWords } from './safety/adult-words.ts';

export type OperatorSettings = {
  readonly limits: LimitSettings;
  /** Steps of a style that is learnt, minutes a day and server; 0: as the recipe says, as long as it takes. */
  readonly training: { readonly steps: number; readonly minutesPerServerDay: number };
  readonly devices: readonly string[];
  /** Which of several processes on one store this one is; undefined: the only one. */
  readonly partition?: Partition | undefined;
  /** Refused everywhere. */
  readonly blockedWords: readonly string[];
  /** Besides the usual ones. */
  readonly adultWords: readonly string[];
};

/** `model`: the id of the model of servers that chose none. */
export function botOptions(settings: OperatorSettings, model: string): BotOptions {
  return {
    model,
    partition: settings.partition,
    blockedWords: settings.blockedWords,
    adultWords: [...adultWords(), ...settings.adultWords],
    ...limitsFrom(settings.limits),
    training: {
      steps: settings.training.steps || undefined,
      perServerDayMs: settings.training.minutesPerServerDay * 60_000 || undefined,
      travelsTo: settings.devices.filter((device) => /^rediss?:/.test(device)).map((url) => new URL(url).host)[0],
    },
  };
}
