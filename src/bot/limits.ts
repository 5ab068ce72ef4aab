/**
 * What one person, one server and all together may cost the bot: pictures, places in the queue, bytes. What may come in
 * over one address is the page's (`adapters/web/limits.ts`), what a chat can carry each chat's.
 */
import type { BotOptions } from './ports.ts';

const MB = 1_048_576;

/** What an operator sets; megabytes and pictures a day, 0: as many as come. */
export type LimitSettings = {
  readonly picturesPerUserDay: number;
  readonly picturesPerServerDay: number;
  readonly lorasMb: number;
  readonly lorasPerServerMb: number;
  readonly picturesMb: number;
  readonly uploadsMb: number;
  readonly leftServerDays: number;
};

/** What is the same wherever the bot runs. */
export const LIMITS = {
  /** Live pictures: as many windows as somebody may draw in at once, and as a server may have. */
  liveQueue: { perUser: 8, perServer: 64 },
  /** A picture to start from is kept no larger: more than is drawn would only fill the disk. */
  startSidePx: 2048,
  /** Strangers' pictures in memory at once, read or waiting to be opened. */
  picturesInHand: 16,
} as const;

type Limits = Pick<
  BotOptions,
  | 'queue'
  | 'quota'
  | 'maxLoraBytes'
  | 'maxLoraBytesOfServer'
  | 'maxLoraBytesOfAll'
  | 'maxInitBytes'
  | 'maxStyles'
  | 'leftKeptMs'
>;

export function limitsFrom(settings: LimitSettings): Limits {
  return {
    queue: { perUser: 4, perServer: 64 },
    quota: {
      perUser: settings.picturesPerUserDay || undefined,
      perServer: settings.picturesPerServerDay || undefined,
    },
    maxLoraBytes: 512 * MB,
    maxLoraBytesOfServer: settings.lorasPerServerMb * MB,
    maxLoraBytesOfAll: settings.lorasMb * MB,
    maxInitBytes: 20 * MB,
    maxStyles: 200,
    leftKeptMs: settings.leftServerDays * 24 * 3_600_000,
  };
}

/** What the kept files may weigh, in bytes. */
export function budgetsFrom({ picturesMb, uploadsMb, lorasMb }: LimitSettings): {
  readonly pictures: number;
  readonly uploads: number;
  readonly loras: number;
} {
  return { pictures: picturesMb * MB, uploads: uploadsMb * MB, loras: lorasMb * MB };
}
