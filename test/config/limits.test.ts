/** What anybody may cost, as the README tells it: the table is what the code has, and no limit is left out of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { limitVariables, namedLimits } from '../../config/limits.ts';
import { parseConfig } from '../../config/load.ts';
import { packageFolder } from '../../config/paths.ts';
import { LIMITS } from '../../src/adapters/web/limits.ts';
import { limitsFrom, OF_ONE, placesFrom } from '../../src/bot/limits.ts';
import { MAX_OPEN } from '../../src/bot/training/form.ts';
import { DECODE_LIMITS } from '../../src/image/decode-process.ts';
import { MAX_FRAMES, MAX_MEGAPIXELS, MAX_SIDE } from '../../src/image/picture-header.ts';

const MB = 1_048_576;
const read = (name: string): string => readFileSync(join(packageFolder, name), 'utf8');
const mb = (bytes: number): string => `${bytes / MB} MB`;

/** Those of one message or of what is shown: they cost nobody anything. */
const SHOWN = ['pictureBytes', 'idCharacters', 'gallery', 'nameCharacters', 'stylePictures', 'formEndMs', 'formStallMs', 'countedAddresses', 'streamBacklogBytes', 'liveStallMs', 'uploadMs', 'filesPerRequest', 'messages']; // prettier-ignore

const { limits, training } = parseConfig({}, '/');
const of = limitsFrom(limits);
const places = placesFrom(limits);
const seen = new Set<string>();
const page = new Proxy(LIMITS, {
  get: (target, key, receiver): unknown => {
    seen.add(String(key));
    return Reflect.get(target, key, receiver);
  },
});

const TABLE = [
  ['who', 'what', 'limit', 'setting'],
  ['---', '---', '---', '---'],
  ['one person', 'pictures waiting or drawn at once', of.queue.perUser, '`QUEUE_PER_USER`, `/settings`'],
  ['', 'pictures a day', of.quota.perUser ?? 'as many as come', '`PICTURES_PER_USER_DAY`, `/settings`'],
  ['', 'live pictures at once', of.liveQueue.perUser, '`LIVE_PER_USER`'],
  ['', 'a picture to start from', `${mb(of.maxInitBytes)}; sides to ${MAX_SIDE}, ${MAX_MEGAPIXELS} megapixels, ${MAX_FRAMES} frames; kept at ${of.startSidePx} px at most`, '`START_PICTURE_MB`, `START_PICTURE_PX`'],
  ['', 'such pictures in memory at once', `${OF_ONE.pictures} (in all ${places.pictures.all}); opened in ${DECODE_LIMITS.maxChildren} children of ${mb(DECODE_LIMITS.maxResidentBytes)} and ${DECODE_LIMITS.maxMs / 1000} s`, '`START_PICTURES_AT_ONCE`'],
  ['one server', 'pictures waiting or drawn at once', of.queue.perServer, '`QUEUE_PER_SERVER`, `/settings`'],
  ['', 'pictures a day', of.quota.perServer ?? 'as many as come', '`PICTURES_PER_SERVER_DAY`, `/settings`'],
  ['', 'live pictures at once', of.liveQueue.perServer, '`LIVE_PER_SERVER`'],
  ['', 'styles', `${of.maxStyles}, ${mb(of.maxLoraBytes)} each, ${mb(of.maxLoraBytesOfServer)} together`, '`STYLES_PER_SERVER`, `STYLE_MB`, `STYLES_MB_PER_SERVER`'],
  ['', 'style files coming in at once', `${OF_ONE.styles} (in all ${places.styles.all}), from listed hosts, within 15 minutes`, '`STYLE_FILES_AT_ONCE`, `STYLE_HOSTS`'],
  ['', 'learning styles', `one at a time, ${MAX_OPEN} in the making; ${training.minutesPerServerDay} minutes of a device a day`, '`TRAIN_MINUTES_PER_SERVER_DAY`, `TRAIN_STEPS`'],
  ['', 'days that it is kept once it has taken the bot away', of.leftKeptMs / 86_400_000, '`LEFT_SERVER_DAYS`'],
  ['all', 'finished pictures, pictures to start from', `${limits.picturesMb} MB, ${limits.uploadsMb} MB; the longest unused go`, '`PICTURES_MB`, `UPLOADS_MB`'],
  ['', 'styles', mb(of.maxLoraBytesOfAll), '`STYLES_MB`'],
  ['', "files of the page's messages", `${mb(page.historyBytes)}; the oldest go`, '`PAGE_HISTORY_MB`'],
  ['one address of the page', 'requests, actions, live pictures a minute', `${page.requestsPerMinute}, ${page.actionsPerMinute}, ${page.livePerMinute}`, '`PAGE_REQUESTS_PER_MINUTE`, `PAGE_ACTIONS_PER_MINUTE`, `PAGE_LIVE_PER_MINUTE`'],
  ['', 'streams (of one browser)', `${page.streamsPerAddress} (${page.streamsPerPerson}); in all ${page.streams}`, '`PAGE_STREAMS_PER_ADDRESS`, `PAGE_STREAMS`'],
  ['', 'bodies at once, forms with files until their end', `${page.uploadsPerAddress}, ${page.heldFormsPerAddress}; in all ${page.uploads}, ${page.heldForms}`, '`PAGE_BODIES_PER_ADDRESS`, `PAGE_BODIES`'],
  ['', "requests of chats' platforms at once", `${page.mountedPerAddress}; in all ${page.mounted}`, ''],
  ['', 'one request', `${page.jsonBytes / 1024} kB; ${mb(page.visitorBytes)} with a picture; ${mb(page.operatorBytes)} of the operator`, '1 MB more than `START_PICTURE_MB`, `STYLE_MB`'],
  ['', 'new browsers an hour, wrong tokens a minute', `${page.newPeoplePerHour}, ${page.wrongTokensPerMinute}`, ''],
] as const; // prettier-ignore

describe('what anybody may cost', () => {
  it('stands in the README as the code has it', () => {
    const [, section = ''] = read('README.md').split('### What anybody may cost\n\n');
    const rows = section.split('\n').filter((line) => line.startsWith('|'));
    const cells = rows.map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
    expect(cells).toEqual(TABLE.map((row) => row.map(String)));
  });

  it('leaves out no limit of the page, and no setting', () => {
    expect(Object.keys(LIMITS).filter((name) => !seen.has(name))).toEqual(
      Object.keys(LIMITS).filter((name) => SHOWN.includes(name)),
    );
    const settings = TABLE.map(([, , , setting]) => setting).join(' ');
    expect(Object.keys(limitVariables).filter((name) => !settings.includes(`\`${name}\``))).toEqual([]);
  });

  it('stands in .env.example with what is usual, and is a figure for each', () => {
    const example = read('.env.example');
    const usual = namedLimits(limits);
    expect(Object.keys(usual)).toHaveLength(Object.keys(limitVariables).length);
    for (const [name, value] of Object.entries(usual)) {
      expect(example).toContain(`#${name.toUpperCase()}=${value}\n`);
    }
  });

  it('is set by its variable and by no other', () => {
    for (const name of Object.keys(limitVariables)) {
      const changed = namedLimits(parseConfig({ [name]: '77' }, '/').limits);
      expect(changed).toEqual({ ...namedLimits(limits), [name.toLowerCase()]: 77 });
    }
  });

  it('is the same for the page where nothing else is set', () => {
    expect(limits.startPictureMb + 1).toBe(LIMITS.visitorBytes / MB);
    expect(limits.styleMb + 1).toBe(LIMITS.operatorBytes / MB);
    expect(limits.pageHistoryMb).toBe(LIMITS.historyBytes / MB);
    expect(limits).toMatchObject({
      pageRequestsPerMinute: LIMITS.requestsPerMinute,
      pageActionsPerMinute: LIMITS.actionsPerMinute,
      pageLivePerMinute: LIMITS.livePerMinute,
      pageStreams: LIMITS.streams,
      pageStreamsPerAddress: LIMITS.streamsPerAddress,
      pageBodies: LIMITS.uploads,
      pageBodiesPerAddress: LIMITS.uploadsPerAddress,
    });
  });
});
