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
  /** Event streams of the page at once (in all, of one address), and bodies coming in at once (likewise). */
  PAGE_STREAMS: count(64),
  PAGE_STREAMS_PER_ADDRESS: count(32),
  PAGE_BODIES: count(8),
  PAGE_BODIES_PER_ADDRESS: count(3),
  /** Megabytes of finished pictures, of pictures to start from, and of added styles' files (of all servers, of one). */
  PICTURES_MB: count(4096),
  UPLOADS_MB: count(1024),
  STYLES_MB: count(32_768),
  STYLES_MB_PER_SERVER: count(4096),
  /** Days until what is kept of a server goes after it has taken the bot away; 0: within hours. */
  LEFT_SERVER_DAYS: count(14, 0),
};

/** What the variables are called inside. */
const FIELDS = {
  queuePerUser: 'QUEUE_PER_USER',
  queuePerServer: 'QUEUE_PER_SERVER',
  picturesPerUserDay: 'PICTURES_PER_USER_DAY',
  picturesPerServerDay: 'PICTURES_PER_SERVER_DAY',
  livePerUser: 'LIVE_PER_USER',
  livePerServer: 'LIVE_PER_SERVER',
  startPictureMb: 'START_PICTURE_MB',
  startPicturePx: 'START_PICTURE_PX',
  startPicturesAtOnce: 'START_PICTURES_AT_ONCE',
  styleMb: 'STYLE_MB',
  stylesPerServer: 'STYLES_PER_SERVER',
  styleFilesAtOnce: 'STYLE_FILES_AT_ONCE',
  pageRequestsPerMinute: 'PAGE_REQUESTS_PER_MINUTE',
  pageActionsPerMinute: 'PAGE_ACTIONS_PER_MINUTE',
  pageLivePerMinute: 'PAGE_LIVE_PER_MINUTE',
  pageHistoryMb: 'PAGE_HISTORY_MB',
  pageStreams: 'PAGE_STREAMS',
  pageStreamsPerAddress: 'PAGE_STREAMS_PER_ADDRESS',
  pageBodies: 'PAGE_BODIES',
  pageBodiesPerAddress: 'PAGE_BODIES_PER_ADDRESS',
  picturesMb: 'PICTURES_MB',
  uploadsMb: 'UPLOADS_MB',
  lorasMb: 'STYLES_MB',
  lorasPerServerMb: 'STYLES_MB_PER_SERVER',
  leftServerDays: 'LEFT_SERVER_DAYS',
} as const satisfies Readonly<Record<string, keyof typeof limitVariables>>;

export type LimitsConfig = Readonly<Record<keyof typeof FIELDS, number>>;

export function limitsOf(env: Readonly<Record<keyof typeof limitVariables, number>>): LimitsConfig {
  const named = Object.entries(FIELDS).map(([field, variable]) => [field, env[variable]]);
  return Object.fromEntries(named) as LimitsConfig; // all fields: it is their own table
}

/** By the names of the variables in lower case, as figures have them. */
export function namedLimits(limits: LimitsConfig): Readonly<Record<string, number>> {
  const fields = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
  return Object.fromEntries(fields.map((field) => [FIELDS[field].toLowerCase(), limits[field]]));
}
