import { expect, it } from 'vitest';

import { botOptions } from '../../src/bot/options.ts';
import { adultWords } from '../../src/bot/safety/adult-words.ts';

const limits = {
  queuePerUser: 4,
  queuePerServer: 64,
  livePerUser: 8,
  livePerServer: 64,
  startPictureMb: 20,
  startPicturePx: 2048,
  startPicturesAtOnce: 16,
  styleMb: 3,
  stylesPerServer: 9,
  styleFilesAtOnce: 8,
  picturesPerUserDay: 0,
  picturesPerServerDay: 50,
  lorasMb: 2,
  lorasPerServerMb: 1,
  picturesMb: 1,
  uploadsMb: 1,
  leftServerDays: 30,
};

it('adds an operator’s words to the usual ones, reads 0 as uncounted and megabytes as bytes', () => {
  const training = { steps: 0, minutesPerServerDay: 2 };
  const devices = ['cpu', 'redis://user:secret@elsewhere:6379'];
  const options = botOptions({ limits, training, devices, blockedWords: ['x'], adultWords: ['y'] }, 'moji');
  expect(options).toMatchObject({
    model: 'moji',
    blockedWords: ['x'],
    quota: { perUser: undefined, perServer: 50 },
    queue: { perUser: 4, perServer: 64 },
    liveQueue: { perUser: 8, perServer: 64 },
    maxInitBytes: 20 * 1_048_576,
    startSidePx: 2048,
    maxStyles: 9,
    maxLoraBytes: 3 * 1_048_576,
    maxLoraBytesOfServer: 1_048_576,
    maxLoraBytesOfAll: 2_097_152,
    training: { steps: undefined, perServerDayMs: 120_000, travelsTo: 'elsewhere:6379' },
  });
  expect(options.adultWords).toEqual([...adultWords(), 'y']);
});
