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
