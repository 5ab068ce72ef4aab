/** What a bot in a test is made of: what the test is about is given, and all else is there. */
import { randomInt } from 'node:crypto';

import type { BotPorts } from '../../src/bot/index.ts';
import { openHands } from '../../src/bot/in-hand.ts';
import { FairAdmission } from '../../src/queue/index.ts';
import { installed, MOJI } from './manifests.ts';

export type GivenPorts = Pick<BotPorts, 'stores' | 'runner' | 'chatOf'> &
  Partial<Omit<BotPorts, 'options'>> & {
    readonly options?: Partial<BotPorts['options']> | undefined;
    /** Jobs at one time. */
    readonly slots?: number | undefined;
  };

export function botPorts({ slots = 2, options, ...given }: GivenPorts): BotPorts {
  return {
    admission: new FairAdmission({ slots }),
    trainingTurns: new FairAdmission({ slots: 1 }),
    models: { list: () => [installed(MOJI)] },
    loras: {
      fetch: NOTHING_FETCHED,
      inspect: async () => ({ kind: 'LoRA', rank: 8, base: 'moji', triggers: ['glow'] }),
    },
    pictureAt: () => {
      throw new Error('nothing is fetched here');
    },
    clock: clockOf(Date.now),
    random: { uint32: () => randomInt(0, 2 ** 32) },
    log: SILENT_LOG,
    onEnd: () => undefined,
    hands: openHands({ pictures: { all: 16, each: 4 }, styles: { all: 8, each: 1 } }),
    ...given,
    options: {
      model: MOJI.id,
      blockedWords: [],
      adultWords: [],
      queue: { perUser: 10, perServer: 100 },
      quota: { perUser: undefined, perServer: undefined },
      maxLoraBytes: 1_000_000,
      maxLoraBytesOfServer: 10_000_000,
      maxLoraBytesOfAll: 20_000_000,
      maxInitBytes: 1_000_000,
      startSidePx: 2048,
      liveQueue: { perUser: 8, perServer: 64 },
      maxStyles: 20,
      leftKeptMs: 14 * 24 * 3_600_000,
      training: { steps: undefined, perServerDayMs: undefined, travelsTo: undefined },
      ...options,
    },
  };
}

/** Of LoRAs in tests that attach theirs. */
export const NOTHING_FETCHED = (): Promise<never> => Promise.reject(new Error('nothing is fetched here'));

/** Says what time it is as `now` does; waits are real. */
export function clockOf(now: () => number): BotPorts['clock'] {
  return {
    now,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  };
}

export const SILENT_LOG: BotPorts['log'] = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
