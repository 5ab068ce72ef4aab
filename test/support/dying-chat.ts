/**
 * A chat in a process that ends by SIGKILL: its bot has written down what it heard, and the platform has not been told.
 * A program and what starts it: `killedAfterRecord` runs this very file and gives what had been written down.
 */
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createDiscordAdapter, type DiscordOptions } from '../../src/adapters/discord/index.ts';
import type { SlackAdapterOptions } from '../../src/adapters/slack/adapter.ts';
import { createSlackAdapter } from '../../src/adapters/slack/index.ts';
import type { Adapter, Bot, Invocation } from '../../src/core/chat.ts';
import type { ReplyAddress } from '../../src/core/job.ts';
import { SILENT_LOG as log } from './bot-ports.ts';
import { createBarePage } from './web/bare-page.ts';

type Given<Options> = Omit<Options, 'bot' | 'log'>;

/** Plain JSON. */
export type DyingChat =
  | { readonly kind: 'discord'; readonly options: Given<DiscordOptions> }
  | { readonly kind: 'slack'; readonly options: Given<SlackAdapterOptions> }
  | { readonly kind: 'web'; readonly folder: string };

export type Recorded = { readonly invocation: Invocation; readonly address: ReplyAddress };

/** Starts it, lets `ask` ask (nobody answers that) and waits for its death. `url`: of the page. */
export async function killedAfterRecord(chat: DyingChat, ask: (url: string) => void): Promise<Recorded> {
  const loader = new URL('./typescript-loader.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', loader, fileURLToPath(import.meta.url), JSON.stringify(chat)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let hasAsked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const [ready] = said.split('\n', 1);
    if (!hasAsked && ready !== undefined && said.includes('\n')) {
      hasAsked = true;
      ask(ready);
    }
  });
  const signal = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_, by) => resolve(by));
  });
  if (signal !== 'SIGKILL') {
    throw new Error(`expected the process to be killed once it had written something down, but it said ${said}`);
  }
  const recorded: Recorded = JSON.parse(said.split('\n')[1] ?? '');
  return recorded;
}

async function live(chat: DyingChat): Promise<void> {
  const bot: Bot = {
    acknowledgement: () => 'public',
    form: async () => {
      throw new Error('no form was expected');
    },
    record: async (invocation, address) => {
      writeSync(1, `${JSON.stringify({ invocation, address })}\n`);
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => {});
    },
    handle: async () => undefined,
    suggest: async () => [],
  };
  const open = async (): Promise<Adapter & { readonly url?: () => string }> => {
    switch (chat.kind) {
      case 'discord':
        return createDiscordAdapter({ ...chat.options, bot, log });
      case 'slack':
        return createSlackAdapter({ ...chat.options, bot, log });
      case 'web':
        return createBarePage(chat.folder, bot);
      default:
        return chat satisfies never;
    }
  };
  const adapter = await open();
  await adapter.start();
  writeSync(1, `${adapter.url?.() ?? 'ready'}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await live(JSON.parse(process.argv[2] ?? ''));
}
