/** A bot that does what a test tells it, and a stage with it: the stand-in, the real adapter, somebody at the keyboard. */
import { afterEach } from 'vitest';

import { createDiscordAdapter, deployCommands } from '../../../src/adapters/discord/index.ts';
import type { DiscordOptions } from '../../../src/adapters/discord/index.ts';
import type { Acknowledgement, Adapter, Bot, Invocation, Suggestion } from '../../../src/core/chat.ts';
import type { ServerKey } from '../../../src/core/people.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { Form, Message } from '../../../src/core/message.ts';
import { FakeDiscord } from '../../support/discord/index.ts';
import type { FakeDiscordOptions } from '../../support/discord/index.ts';

type Handled = { readonly invocation: Invocation; readonly address: ReplyAddress };

export class ScriptedBot implements Bot {
  how: Acknowledgement = 'public';
  readonly handled: Handled[] = [];
  readonly #waiting: ((handled: Handled) => void)[] = [];
  act: (invocation: Invocation, address: ReplyAddress) => Promise<void> = async () => undefined;
  makeForm: (invocation: Invocation) => Promise<Form> = async () => {
    throw new Error('no form was expected');
  };
  suggestions: readonly Suggestion[] = [];
  left: (server: ServerKey) => Promise<void> = async () => undefined;
  joined: (server: ServerKey) => Promise<void> = async () => undefined;

  acknowledgement(): Acknowledgement {
    return this.how;
  }

  async form(invocation: Invocation): Promise<Form> {
    return this.makeForm(invocation);
  }

  async record(): Promise<() => Promise<void>> {
    return async () => undefined;
  }

  async handle(invocation: Invocation, address: ReplyAddress): Promise<void> {
    this.handled.push({ invocation, address });
    this.#waiting.shift()?.({ invocation, address });
    await this.act(invocation, address);
  }

  /** The next one that is handed over. */
  async next(): Promise<Handled> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  async suggest(): Promise<readonly Suggestion[]> {
    return this.suggestions;
  }
}

export const quietLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export type Stage = { readonly fake: FakeDiscord; readonly bot: ScriptedBot; readonly adapter: Adapter };

const toEnd: (() => Promise<void>)[] = [];

export type StageOptions = Partial<DiscordOptions> & {
  /** How far the bot's clock is set from the stand-in's. */
  readonly offsetMs?: () => number;
};

/** Everything begun here ends after the test. */
export async function stage(
  { offsetMs = () => 0, ...options }: StageOptions = {},
  fakeOptions: FakeDiscordOptions = {},
  beforeStart: (fake: FakeDiscord) => void = () => undefined,
): Promise<Stage> {
  const fake = await FakeDiscord.start({ time: 'still', ...fakeOptions });
  const bot = new ScriptedBot();
  await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
  const adapter = createDiscordAdapter({
    token: fake.token,
    restUrl: fake.apiUrl,
    cdnUrl: fake.cdnUrl,
    bot,
    log: quietLog,
    now: () => fake.world.clock.now() + offsetMs(),
    monotonicMs: fake.world.clock.now,
    // Pauses between tries pass quickly; none is skipped.
    wait: async (ms) => {
      fake.world.clock.skip(ms);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    },
    ...options,
  });
  beforeStart(fake);
  await adapter.start();
  toEnd.push(async () => {
    await adapter.stop();
    await fake.stop();
  });
  return { fake, bot, adapter };
}

afterEach(async () => {
  for (const end of toEnd.splice(0)) {
    await end();
  }
});

/** A message of one plain line, and whatever else a test wants in it. */
export function say(text: string, more: Partial<Message> = {}): Message {
  return {
    lines: [[{ kind: 'plain', text }]],
    picture: undefined,
    files: [],
    rows: [],
    notify: undefined,
    ...more,
  };
}

export function pictureFile(bytes = 64, name = 'fox.png') {
  return {
    name,
    contentType: 'image/png',
    data: new Uint8Array(bytes).fill(7),
    alt: 'a fox on blue',
    isSpoiler: false,
  };
}
