/**
 * Everything that strangers send, torn and twisted: readers answer or refuse, and nothing else. A find names its seed;
 * put it into FOUND (`budget.ts`) and it stays. `npm run fuzz` brings a million inputs in all, CI twenty thousand.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { parseCommandLine } from '../../commands/command-line.ts';
import { parseFreeText } from '../../commands/grammar.ts';
import { imagine } from '../../commands/imagine.ts';
import { parseStyleMix } from '../../commands/style-mix.ts';
import { actionOf } from '../../src/adapters/discord/parse-action.ts';
import { interactionSchema } from '../../src/adapters/discord/payload.ts';
import { installedIn } from '../../src/adapters/slack/installations/installed-in.ts';
import {
  readGlobalShortcut,
  readPress,
  readShortcut,
  readSlash,
  readSubmitter,
} from '../../src/adapters/slack/payload.ts';
import { parsePageAction } from '../../src/adapters/web/parse.ts';
import { decodeButtonId, encodeButtonId } from '../../src/bot/button-id.ts';
import { parseRecord } from '../../src/bot/inbox-record.ts';
import { adultWords } from '../../src/bot/safety/adult-words.ts';
import { WordList } from '../../src/bot/safety/word-list.ts';
import { UserError } from '../../src/core/errors.ts';
import { storedJob } from '../../src/core/job.ts';
import { jsonOf } from '../../src/core/parsed.ts';
import { storedRequest } from '../../src/core/stored-request.ts';
import { HeaderFault } from '../../src/engine/weights/header-scanner.ts';
import { parseHeader } from '../../src/engine/weights/safetensors-header.ts';
import { inspectLora } from '../../src/engine/weights/lora/inspect-lora.ts';
import { parseWeighted, splitConcepts, takeReferences } from '../../src/engine/prompt/index.ts';
import { openEmbeddings } from '../../src/engine/weights/embeddings.ts';
import { requestOf } from '../support/work.ts';
import { growthOf, MOST, seedsOf, WITHIN_MS } from './budget.ts';
import { randomOf, textOf, torn, twisted } from './inputs.ts';
import { INTERACTION, SLACK } from './payloads.ts';
import { uploadOf } from '../support/upload.ts';

type Surface = { readonly name: string; readonly feed: (random: () => number) => void | Promise<void> };

const words = new WordList([...adultWords(), 'gore*']);
const folder = mkdtempSync(join(tmpdir(), 'fourstep-fuzz-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEADER = Buffer.from(
  JSON.stringify({ __metadata__: { a: 'b' }, w: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] } }),
);
const LORA = {
  __metadata__: {
    ss_tag_frequency: '{"set":{"glow":12,"fox":3}}', ss_base_model_version: 'sd_v1', ss_network_module: 'networks.lora', ss_network_args: '{"algo":"lora"}',
    lora_adapter_metadata: '{"unet":{"r":4,"lora_alpha":4}}', 'modelspec.trigger_phrase': 'glow', ss_sd_model_hash: 'a'.repeat(32),
  },
  'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight': { dtype: 'F16', shape: [4, 8], data_offsets: [0, 64] },
  'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.lora_up.weight': { dtype: 'F16', shape: [8, 4], data_offsets: [64, 128] },
  'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q.alpha': { dtype: 'F32', shape: [], data_offsets: [128, 132] },
  emb_params: { dtype: 'F32', shape: [1, 8], data_offsets: [132, 164] },
}; // prettier-ignore
const LORA_BYTES = 164;
const JOB = {
  id: 'a', server: 'discord:1', user: 'discord:2', userName: 'Ada', channel: 'c', isNsfwChannel: false, locale: 'en', maxUploadBytes: 1,
  work: { kind: 'imagine', request: requestOf() }, origin: { kind: 'command' }, styleName: '', createdAtMs: 1, attempts: 0,
  state: { kind: 'queued' }, address: { platform: 'discord', data: { message: 'm' } },
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
      actionOf(parsed, ({ filename }) => uploadOf(filename, new Uint8Array(), 1));
    },
  },
  {
    name: 'payloads of Slack',
    feed: (random) => {
      const body = twisted(SLACK, random);
      readShortcut(body, 'T1');
      installedIn(body);
      readGlobalShortcut(body);
      [readSlash, readPress, readSubmitter].forEach((read) => read(body));
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
    name: 'weighted prompts',
    feed: (random) => {
      const text = textOf(random);
      parseWeighted(text);
      splitConcepts(text);
      takeReferences(text, ['glow', 'neon']);
    },
  },
  {
    name: 'files of LoRAs',
    feed: async (random) => {
      const head = twisted(LORA, random);
      const json = Buffer.from(JSON.stringify(head) ?? '');
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(random() < 0.95 ? json.length : Math.floor(random() * 2 ** 40)));
      const whole = Buffer.concat([length, json, Buffer.alloc(LORA_BYTES)]);
      const file = join(folder, 'a.safetensors');
      writeFileSync(file, random() < 0.3 ? torn(whole, random) : whole);
      await (random() < 0.7 ? inspectLora(file) : openEmbeddings(file, random() < 0.5 ? 'own' : 'bundled'));
    },
  },
];

/** A reader answers or refuses; anything else that it throws is a find. */
async function feed({ name, feed: give }: Surface, seed: number): Promise<void> {
  try {
    await give(randomOf(seed));
  } catch (error) {
    if (!(error instanceof UserError || error instanceof z.ZodError || error instanceof HeaderFault)) {
      throw new Error(`${name}, seed ${seed}`, { cause: error });
    }
  }
}

describe('strangers', () => {
  it.each(SURFACES)(
    'break nothing by $name, and leave nothing behind',
    async (surface) => {
      const left = await growthOf(async () => {
        for (const seed of seedsOf(surface.name)) {
          await feed(surface, seed);
        }
      });
      expect(left.heapMb).toBeLessThan(MOST.heapMb);
      expect(left.residentMb).toBeLessThan(MOST.residentMb);
    },
    WITHIN_MS,
  );
});
