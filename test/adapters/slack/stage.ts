/** A fake workspace, the adapter under test and a bot that does what the test says; taken down together. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { vi } from 'vitest';

import { createSlackAdapter, EVENTS_PATH, type SlackAdapter } from '../../../src/adapters/slack/index.ts';
import type { Acknowledgement, Action, Bot, DeliverOptions, Invocation, Suggestion } from '../../../src/core/chat.ts';
import type { ServerKey } from '../../../src/core/people.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { Button, Form, Message, MessageFile } from '../../../src/core/message.ts';
import { FakeSlack } from '../../support/slack/fake-slack.ts';

/** A bot of which each part can be replaced; it remembers what it was asked. */
export class ScriptedBot implements Bot {
  readonly handled: { readonly invocation: Invocation; readonly address: ReplyAddress }[] = [];
  left: (server: ServerKey) => Promise<void> = async () => undefined;
  acknowledge: (action: Action) => Acknowledgement = () => 'public';
  onRecord: (invocation: Invocation, address: ReplyAddress) => Promise<() => Promise<void>> = () =>
    Promise.resolve(() => Promise.resolve());
  onHandle: (invocation: Invocation, address: ReplyAddress) => Promise<void> = () => Promise.resolve();
  onForm: (invocation: Invocation) => Promise<Form> = () => Promise.reject(new Error('no form was scripted'));
  onSuggest: (option: string, partial: string) => readonly Suggestion[] = () => [];

  acknowledgement(action: Action): Acknowledgement {
    return this.acknowledge(action);
  }

  form(invocation: Invocation): Promise<Form> {
    return this.onForm(invocation);
  }

  record(invocation: Invocation, address: ReplyAddress): Promise<() => Promise<void>> {
    return this.onRecord(invocation, address);
  }

  async handle(invocation: Invocation, address: ReplyAddress): Promise<void> {
    this.handled.push({ invocation, address });
    await this.onHandle(invocation, address);
  }

  suggest(
    _place: unknown,
    _user: unknown,
    _command: string,
    option: string,
    partial: string,
  ): Promise<readonly Suggestion[]> {
    return Promise.resolve(this.onSuggest(option, partial));
  }

  get actions(): readonly Action[] {
    return this.handled.map(({ invocation }) => invocation.action);
  }
}

export type LogLine = { readonly level: string; readonly fields: object; readonly sentence: string };

export type Stage = {
  readonly fake: FakeSlack;
  readonly bot: ScriptedBot;
  readonly adapter: SlackAdapter;
  readonly log: readonly LogLine[];
  /** How far the bot's clock is from the workspace's. */
  readonly clock: { offsetMs: number };
  /** Over HTTP: where Slack delivers. */
  readonly eventsUrl: string;
  /** Another process of the same bot, with nothing in memory; the first one is stopped. */
  restart(): Promise<SlackAdapter>;
  end(): Promise<void>;
};

export const SIGNING_SECRET = 'a-secret-of-thirty-two-characters';

export async function setStage(kind: 'socket' | 'http' = 'socket', bot = new ScriptedBot()): Promise<Stage> {
  const log: LogLine[] = [];
  const clock = { offsetMs: 0 };
  const say = (level: string) => (fields: object, sentence: string) => {
    log.push({ level, fields, sentence });
  };
  let mounted: SlackAdapter['mounts'] = [];
  const server = createServer((request, response) => {
    mounted[0]?.listener(request, response);
  });
  const eventsUrl = `${await listen(server)}${EVENTS_PATH}`;
  const wire = kind === 'socket' ? { kind } : { kind, eventsUrl, signingSecret: SIGNING_SECRET };
  const fake = await FakeSlack.start({ wire });
  const build = async (): Promise<SlackAdapter> => {
    const adapter = createSlackAdapter({
      botToken: fake.tokens.bot,
      transport: kind === 'socket' ? { kind, appToken: fake.tokens.app } : { kind, signingSecret: SIGNING_SECRET },
      apiUrl: fake.apiUrl,
      bot,
      log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
      now: () => fake.state.now() + clock.offsetMs,
      monotonicMs: () => fake.state.now(),
      timing: {
        patienceMs: 20_000,
        firstPauseMs: 20,
        processingPausesMs: [20, 20, 40, 40, 80],
        sharePausesMs: [20, 20, 40, 80],
      },
    });
    mounted = adapter.mounts;
    await adapter.start();
    return adapter;
  };
  let adapter = await build();
  return {
    fake,
    bot,
    get adapter() {
      return adapter;
    },
    log,
    clock,
    eventsUrl,
    async restart() {
      await adapter.stop();
      adapter = await build();
      return adapter;
    },
    async end() {
      await adapter.stop();
      await fake.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function say(...sentences: readonly string[]): Message {
  return {
    lines: sentences.map((text) => [{ kind: 'plain', text }]),
    picture: undefined,
    files: [],
    rows: [],
    notify: undefined,
  };
}

export function picture(content: string, alt = `a picture of ${content}`): MessageFile {
  return { name: 'fourstep.png', contentType: 'image/png', data: Buffer.from(content), alt, isSpoiler: false };
}

export function button(id: string, label: string, more: Partial<Button> = {}): Button {
  return { kind: 'button', id, label, emoji: undefined, tone: 'normal', isDisabled: false, ...more };
}

export const FINAL: DeliverOptions = { mode: 'edit', key: 'final', isFinal: true };
export const PASSING: DeliverOptions = { mode: 'edit', key: 'passing', isFinal: false };

/** Waits for what happens after an acknowledgement, however slow the machine. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { timeout: 30_000, interval: 10 });
}
