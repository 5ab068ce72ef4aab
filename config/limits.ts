/**
 * What anybody may cost, as an operator sets it: one table of variables with units and defaults, and what they are called
 * inside. What stands fast beside it is in `src/bot/limits.ts` and `src/adapters/web/limits.ts`.
 */
import { z } from 'zod';

const count = (usual: number, least = 1) => z.coerce.number().int().min(least).default(usual);

export const limitVariables = {
  /** Pictures a day and person, and a day and server, where the server's own settings say nothing; 0: as many as come. */
  PICTURES_PER_USER_DAY: count(0, 0),
  PICTURES_PER_SERVER_DAY: count(0, 0),
  /** Pictures waiting or drawn at once, of a person and of a server, where the server's own settings say nothing. */
  QUEUE_PER_USER: count(4),
  QUEUE_PER_SERVER: count(64),
  /** Live pictures at once, of a person and of a server. */
  LIVE_PER_USER: count(8),
  LIVE_PER_SERVER: count(64),
  /** A picture to start from: megabytes of the file, pixels of the longest side it is kept with, and how many are in memory at once. */
  START_PICTURE_MB: count(20),
  START_PICTURE_PX: count(2048, 64),
  START_PICTURES_AT_ONCE: count(16),
  /** A style's file: megabytes, how many a server has, and how many come in at once. */
  STYLE_MB: count(512),
  STYLES_PER_SERVER: count(200),
  STYLE_FILES_AT_ONCE: count(8),
  /** The page: what one address may ask for in a minute (anything, actions, live pictures), and megabytes of its chat. */
  PAGE_REQUESTS_PER_MINUTE: count(3000),
  PAGE_ACTIONS_PER_MINUTE: count(120),
  PAGE_LIVE_PER_MINUTE: count(1200),
  PAGE_HISTORY_MB: count(512, 32),
  /** Megabytes of finished pictures, of pictures to start from, and of added styles' files (of all servers, of one). */
  PICTURES_MB: count(4096),
  UPLOADS_MB: count(1024),
  STYLES_MB: count(32_768),
  STYLES_MB_PER_SERVER: count(4096),
  /** Days until what is kept of a server goes after it has taken the bot away; 0: within hours. */
  LEFT_SERVER_DAYS: count(14, 0),
};

const environment = z.object(limitVariables);

export type LimitsConfig = ReturnType<typeof limitsOf>;

export function limitsOf(env: z.infer<typeof environment>) {
  return {
    queuePerUser: env.QUEUE_PER_USER,
    queuePerServer: env.QUEUE_PER_SERVER,
    picturesPerUserDay: env.PICTURES_PER_USER_DAY,
    picturesPerServerDay: env.PICTURES_PER_SERVER_DAY,
    livePerUser: env.LIVE_PER_USER,
    livePerServer: env.LIVE_PER_SERVER,
    startPictureMb: env.START_PICTURE_MB,
    startPicturePx: env.START_PICTURE_PX,
    startPicturesAtOnce: env.START_PICTURES_AT_ONCE,
    styleMb: env.STYLE_MB,
    stylesPerServer: env.STYLES_PER_SERVER,
    styleFilesAtOnce: env.STYLE_FILES_AT_ONCE,
    pageRequestsPerMinute: env.PAGE_REQUESTS_PER_MINUTE,
    pageActionsPerMinute: env.PAGE_ACTIONS_PER_MINUTE,
    pageLivePerMinute: env.PAGE_LIVE_PER_MINUTE,
    pageHistoryMb: env.PAGE_HISTORY_MB,
    picturesMb: env.PICTURES_MB,
    uploadsMb: env.UPLOADS_MB,
    lorasMb: env.STYLES_MB,
    lorasPerServerMb: env.STYLES_MB_PER_SERVER,
    leftServerDays: env.LEFT_SERVER_DAYS,
  };
}
