/**
 * Everything that strangers send, torn and twisted: readers answer or refuse, and nothing else. A find names its seed;
 * put it into SEEDS and it stays. `npm run fuzz` brings a million inputs, CI twenty thousand.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { parseCommandLine } from '../../commands/command-line.ts';
import { parseFreeText } from '../../commands/grammar.ts';
import { imagine } from '../../commands/imagine.ts';
import { parseStyleMix } from '../../commands/style-mix.ts';
import { actionOf } from '../../src/adapters/discord/parse-action.ts';
import { interactionSchema } from '../../src/adapters/discord/payload.ts';
import { readPress, readShortcut, readSlash, readSubmitter } from '../../src/adapters/slack/payload.ts';
import { jsonOf, parsePageAction } from '../../src/adapters/web/parse.ts';
import { decodeButtonId, encodeButtonId } from '../../src/bot/button-id.ts';
import { parseRecord } from '../../src/bot/inbox-record.ts';
import { adultWords } from '../../src/bot/safety/adult-words.ts';
import { WordList } from '../../src/bot/safety/word-list.ts';
import { UserError } from '../../src/core/errors.ts';
import { storedJob } from '../../src/core/job-schema.ts';
import { storedRequest } from '../../src/core/request-schema.ts';
import { HeaderFault } from '../../src/engine/weights/header-scanner.ts';
import { parseHeader } from '../../src/engine/weights/safetensors-header.ts';
import { checkPictureHeader } from '../../src/image/picture-header.ts';
import { readPngTexts } from '../../src/image/png-text.ts';
import { stripPng } from '../../src/image/strip-png.ts';
import { requestOf } from '../support/work.ts';
import { randomOf, textOf, torn, twisted } from './inputs.ts';

const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 20_000);
/** Found once, tried for ever. */
const SEEDS: readonly number[] = [1, 2, 3];
const GROWTH_MB = 64;

type Surface = { readonly name: string; readonly feed: (random: () => number) => void };

const words = new WordList([...adultWords(), 'gore*']);
const pictures: Uint8Array[] = [];

beforeAll(async () => {
  const picture = sharp({ create: { width: 32, height: 16, channels: 4, background: '#123456' } });
  pictures.push(
    await picture
      .clone()
      .png()
      .withMetadata({ exif: { IFD0: { Copyright: 'x' } } })
      .toBuffer(),
    await picture.clone().jpeg().toBuffer(),
    await picture.clone().webp().toBuffer(),
    await picture.clone().gif().toBuffer(),
    await picture.clone().avif({ effort: 0 }).toBuffer(),
  );
});

const HEADER = Buffer.from(
  JSON.stringify({ __metadata__: { a: 'b' }, w: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] } }),
);
const JOB = {
  id: 'a', server: 'discord:1', user: 'discord:2', userName: 'Ada', channel: 'c', isNsfwChannel: false, locale: 'en', maxUploadBytes: 1,
  work: { kind: 'imagine', request: requestOf() }, origin: { kind: 'command' }, styleName: '', createdAtMs: 1, attempts: 0,
  state: { kind: 'queued' }, address: { platform: 'discord', data: { message: 'm' } },
}; // prettier-ignore
const INTERACTION = {
  id: '1', application_id: '2', type: 3, token: 't', channel_id: '3', guild_id: '4', locale: 'en-US',
  data: { custom_id: '1.u1.job', component_type: 2, values: ['a'], components: [{ type: 1, components: [{ type: 4, custom_id: 'x', value: 'y' }] }], options: [{ name: 'prompt', type: 3, value: 'a fox' }] },
  member: { user: { id: '5', username: 'ada', global_name: 'Ada' }, permissions: '8' },
  message: { id: '6', components: [{ type: 1, components: [{ type: 2, custom_id: '1.u1.job' }] }] },
}; // prettier-ignore
const SLACK = {
  type: 'block_actions', user: { id: 'U1', username: 'ada', team_id: 'T1' }, team: { id: 'T1' }, channel: { id: 'C1' }, trigger_id: '1.2', response_url: 'https://hooks.slack.com/x',
  callback_id: 'upscale', command: '/imagine', text: 'a fox', user_id: 'U1', channel_id: 'C1', team_id: 'T1', view: { id: 'V', hash: 'h', state: { values: { a: { b: { value: 'c' } } } } },
  container: { message_ts: '1.1', channel_id: 'C1', is_ephemeral: false }, message: { ts: '1.1', blocks: [{ type: 'actions', elements: [{ type: 'button', value: '1.u1.job' }] }], files: [] },
  actions: [{ type: 'button', action_id: 'b', value: '1.u1.job', action_ts: '1' }],
}; // prettier-ignore
const RECORD = {
  invocation: { id: 'i', actor: { user: 'discord:2', name: 'Ada', isAdmin: false, isModerator: false, locale: 'en' }, place: { platform: 'discord', server: 'discord:1', serverName: 's', channel: 'c', isNsfw: false, locale: 'en', maxUploadBytes: 1 }, action: { kind: 'button', id: '1.u1.job' }, receivedAtMs: 1 },
  address: { platform: 'discord', data: { message: 'm' } }, hadFile: false,
}; // prettier-ignore

const SURFACES: readonly Surface[] = [
  {
    name: 'prompts',
    feed: (random) => {
      const text = textOf(random);
      words.find(text);
      parseFreeText(imagine, text);
    },
  },
  { name: 'command lines', feed: (random) => void parseCommandLine(`/${textOf(random)}`) },
  { name: 'style mixes', feed: (random) => void parseStyleMix(textOf(random)) },
  {
    name: 'button ids',
    feed: (random) => {
      const text = random() < 0.5 ? textOf(random) : `1.${textOf(random)}.${textOf(random)}`;
      const id = decodeButtonId(text);
      expect(id === undefined || encodeButtonId(id) === text).toBe(true);
    },
  },
  {
    name: 'interactions of Discord',
    feed: (random) => {
      const parsed = interactionSchema.parse(twisted(INTERACTION, random));
      actionOf(parsed, ({ filename }) => ({ name: filename, sizeBytes: 1, read: async () => new Uint8Array() }));
    },
  },
  {
    name: 'payloads of Slack',
    feed: (random) => {
      const body = twisted(SLACK, random);
      [readSlash, readPress, readShortcut, readSubmitter].forEach((read) => read(body));
    },
  },
  {
    name: 'bodies of the page',
    feed: (random) => {
      const action = { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } };
      const text = JSON.stringify(twisted(action, random)) ?? '';
      parsePageAction(jsonOf(random() < 0.5 ? text : Buffer.from(torn(Buffer.from(text), random)).toString()));
    },
  },
  {
    name: 'records',
    feed: (random) => {
      parseRecord(twisted(RECORD, random));
      storedRequest.safeParse(twisted(requestOf(), random));
      storedJob.safeParse(twisted(JOB, random));
    },
  },
  {
    name: 'safetensors',
    feed: (random) => {
      const header = twisted(JSON.parse(HEADER.toString()), random);
      const bytes = random() < 0.5 ? torn(HEADER, random) : Buffer.from(JSON.stringify(header) ?? '');
      parseHeader(bytes, 24);
    },
  },
  {
    name: 'pictures',
    feed: (random) => {
      const bytes = torn(pictures[Math.floor(random() * pictures.length)]!, random);
      if (bytes[0] === 0x89) {
        readPngTexts(stripPng(bytes));
      }
      checkPictureHeader(bytes);
    },
  },
];

/** A reader answers or refuses; anything else that it throws is a find. */
function feed({ name, feed: give }: Surface, seed: number): void {
  try {
    give(randomOf(seed));
  } catch (error) {
    if (!(error instanceof UserError || error instanceof z.ZodError || error instanceof HeaderFault)) {
      throw new Error(`${name}, seed ${seed}`, { cause: error });
    }
  }
}

describe('strangers', () => {
  it.each(SURFACES)(
    'break nothing by $name, and leave nothing behind',
    (surface) => {
      SEEDS.forEach((seed) => feed(surface, seed));
      setFlagsFromString('--expose-gc');
      const collect: unknown = runInNewContext('gc');
      const weigh = (): number => {
        if (typeof collect === 'function') {
          collect();
        }
        return process.memoryUsage().heapUsed / 1_048_576;
      };
      const before = weigh();
      const first = Number(process.env['FUZZ_SEED'] ?? 1000);
      for (let k = 0; k < Math.ceil(INPUTS / SURFACES.length); k++) {
        feed(surface, first + k);
      }
      expect(weigh() - before).toBeLessThan(GROWTH_MB);
    },
    600_000,
  );
});
