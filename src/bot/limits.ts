/**
 * What one person, one server and all together may cost the bot: pictures, places in the queue, memory, bytes. What may
 * come in over one address is the page's (`adapters/web/limits.ts`), what a chat can carry each chat's.
 */
import type { Hands, InHandLimits } from './in-hand.ts';
import type { BotOptions } from './ports.ts';

const MB = 1_048_576;

/** What an operator sets; megabytes, pixels, days and counts. Pictures a day, 0: as many as come. */
export type LimitSettings = {
  readonly queuePerUser: number;
  readonly queuePerServer: number;
  readonly picturesPerUserDay: number;
  readonly picturesPerServerDay: number;
  readonly livePerUser: number;
  readonly livePerServer: number;
  readonly startPictureMb: number;
  readonly startPicturePx: number;
  readonly startPicturesAtOnce: number;
  readonly styleMb: number;
  readonly stylesPerServer: number;
  readonly styleFilesAtOnce: number;
  readonly lorasMb: number;
  readonly lorasPerServerMb: number;
  readonly picturesMb: number;
  readonly uploadsMb: number;
  readonly leftServerDays: number;
};

/** Of all places for pictures in memory one person has so many; of those for styles' files one server one. */
export const OF_ONE = { pictures: 4, styles: 1 } as const;

type Limits = Pick<
  BotOptions,
  | 'queue'
  | 'quota'
  | 'liveQueue'
  | 'maxLoraBytes'
  | 'maxLoraBytesOfServer'
  | 'maxLoraBytesOfAll'
  | 'maxInitBytes'
  | 'startSidePx'
  | 'maxStyles'
  | 'leftKeptMs'
>;

export function limitsFrom(settings: LimitSettings): Limits {
  return {
    queue: { perUser: settings.queuePerUser, perServer: settings.queuePerServer },
    quota: {
      perUser: settings.picturesPerUserDay || undefined,
      perServer: settings.picturesPerServerDay || undefined,
    },
    liveQueue: { perUser: settings.livePerUser, perServer: settings.livePerServer },
    maxLoraBytes: settings.styleMb * MB,
    maxLoraBytesOfServer: settings.lorasPerServerMb * MB,
    maxLoraBytesOfAll: settings.lorasMb * MB,
    maxInitBytes: settings.startPictureMb * MB,
    startSidePx: settings.startPicturePx,
    maxStyles: settings.stylesPerServer,
    leftKeptMs: settings.leftServerDays * 24 * 3_600_000,
  };
}

/** What strangers bring at once. */
export function placesFrom(settings: LimitSettings): Readonly<Record<keyof Hands, Omit<InHandLimits, 'busy'>>> {
  return {
    pictures: { all: settings.startPicturesAtOnce, each: OF_ONE.pictures },
    styles: { all: settings.styleFilesAtOnce, each: OF_ONE.styles },
  };
}

/** What the kept files may weigh, in bytes. */
export function budgetsFrom({ picturesMb, uploadsMb, lorasMb }: LimitSettings) {
  return { pictures: picturesMb * MB, uploads: uploadsMb * MB, loras: lorasMb * MB };
}
