/**
 * A bot in a box: a chat that remembers what it was told to show, the fair queue, a runner without an engine, stores in
 * memory and files in a temporary folder.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BotPorts, createBot, type FourstepBot } from '../../src/bot/index.ts';
import type { Action, Chat, DeliverOptions, Invocation, ServerChannel } from '../../src/core/chat.ts';
import type { OptionValue } from '../../src/core/command.ts';
import type { ReplyAddress } from '../../src/core/job.ts';
import type { Button, Message, Select, Span } from '../../src/core/message.ts';
import type { Actor, Place } from '../../src/core/people.ts';
import { type Database, openMemory, type Stores } from '../../src/store/index.ts';
import { FileStore } from '../../src/store/files.ts';
import { storesOn } from '../../src/store/index.ts';
import { botPorts } from '../support/bot-ports.ts';
import { BIG, installed, MOJI } from '../support/manifests.ts';
import { createStubRunner, type StubRunnerOptions } from '../support/stub-runner.ts';

export const ada: Actor = { user: 'discord:ada', name: 'Ada', isAdmin: false, isModerator: false, locale: 'en' };
export const bob: Actor = { user: 'discord:bob', name: 'Bob', isAdmin: false, isModerator: false, locale: 'en' };
export const admin: Actor = { user: 'discord:root', name: 'Root', isAdmin: true, isModerator: true, locale: 'en' };
export const guild: Place = {
  platform: 'discord',
  server: 'discord:guild',
  serverName: 'The Guild',
  channel: 'general',
  isNsfw: false,
  locale: 'en',
  maxUploadBytes: 10_000_000,
};

export type Shown = { readonly message: Message; readonly options: DeliverOptions };

export class FakeChat implements Chat {
  readonly platform = 'discord' as const;
  /** What stands at each address now. */
  readonly standing = new Map<string, Message>();
  readonly privately: Message[] = [];
  readonly posts: { readonly channel: string; readonly message: Message; readonly key: string }[] = [];
  readonly history: Shown[] = [];
  readonly removed: string[] = [];
  /** Channels in which nothing can be posted. */
  readonly foreign = new Set<string>();
  /** Throws from `deliver`. */
  failure: ((message: Message, options: DeliverOptions) => Error | undefined) | undefined;

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const failure = this.failure?.(message, options);
    if (failure !== undefined) {
      throw failure;
    }
    this.history.push({ message, options });
    if (options.mode === 'private') {
      this.privately.push(message);
    } else {
      this.standing.set(idOf(address), message);
    }
    return address;
  }

  async remove(address: ReplyAddress): Promise<void> {
    this.standing.delete(idOf(address));
    this.removed.push(idOf(address));
  }

  async post({ id }: ServerChannel, message: Message, key: string): Promise<void> {
    if (this.foreign.has(id)) {
      throw new Error('no channel of ours');
    }
    this.posts.push({ channel: id, message, key });
  }

  at(id: string): Message {
    const message = this.standing.get(id);
    if (message === undefined) {
      throw new Error(`nothing stands at ${id}`);
    }
    return message;
  }
}

export type World = {
  readonly bot: FourstepBot;
  readonly chat: FakeChat;
  readonly stores: Stores;
  readonly folder: string;
  /** Lets somebody do something; resolves to the address' id once it is handled. */
  readonly act: (actor: Actor, action: Action, options?: Partial<Act>) => Promise<string>;
  readonly imagine: (prompt: string, options?: Readonly<Record<string, OptionValue>>, actor?: Actor) => Promise<string>;
  readonly press: (actor: Actor, at: string, label: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

type Act = { readonly place: Place; readonly at: string; readonly id: string; readonly receivedAtMs: number };

export type WorldOptions = {
  readonly runner?: StubRunnerOptions;
  readonly ports?: Partial<BotPorts>;
  readonly options?: Partial<BotPorts['options']>;
  readonly database?: Database;
  readonly folder?: string;
  readonly chat?: FakeChat;
  readonly slots?: number;
};

let count = 0;

export async function openWorld(world: WorldOptions = {}): Promise<World> {
  const folder = world.folder ?? (await mkdtemp(join(tmpdir(), 'fourstep-bot-')));
  const chat = world.chat ?? new FakeChat();
  const stores = storesOn(world.database ?? openMemory(), new FileStore(folder));
  let random = 1000;
  const bot = createBot(
    botPorts({
      stores,
      runner: createStubRunner(world.runner),
      chatOf: (platform) => (platform === 'discord' ? chat : undefined),
      models: { list: () => [installed(MOJI), installed(BIG)] },
      random: { uint32: () => random++ },
      slots: world.slots,
      ...world.ports,
      options: { blockedWords: ['gore*'], adultWords: ['nude'], maxStyles: 5, ...world.options },
    }),
  );
  const act: World['act'] = async (actor, action, options = {}) => {
    count++;
    const at = options.at ?? `m${count}`;
    const id = options.id ?? `i${count}`;
    const invocation: Invocation = {
      id,
      actor,
      place: options.place ?? guild,
      action,
      receivedAtMs: options.receivedAtMs ?? Date.now(),
    };
    await bot.handle(invocation, { platform: 'discord', data: { message: at } });
    return at;
  };
  return {
    bot,
    chat,
    stores,
    folder,
    act,
    imagine: async (prompt, options = {}, actor = ada) =>
      await act(actor, { kind: 'command', name: 'imagine', options: { prompt, ...options } }),
    press: async (actor, at, label) => {
      const button = buttonOf(chat.at(at), label);
      const action: Action = { kind: 'button', id: button.id };
      return await act(actor, action, (await bot.acknowledgement(action, guild)) === 'update' ? { at } : {});
    },
    close: async () => {
      await bot.close(1000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function buttonsOf(message: Message): readonly Button[] {
  return message.rows.flat().filter((element) => element.kind === 'button');
}

export function selectsOf(message: Message): readonly Select[] {
  return message.rows.flat().filter((element) => element.kind === 'select');
}

export function buttonOf(message: Message, label: string): Button {
  const button = buttonsOf(message).find((candidate) => candidate.label.includes(label));
  if (button === undefined) {
    throw new Error(`no button ${label} among ${labelsOf(message).flat().join(', ')}`);
  }
  return button;
}

export function labelsOf(message: Message): readonly (readonly string[])[] {
  return message.rows.map((row) =>
    row.map((element) => (element.kind === 'button' ? element.label : element.placeholder)),
  );
}

/** The words of a message, a line each. */
export function wordsOf(message: Message | undefined): readonly string[] {
  return (message?.lines ?? []).map((line) => line.map(wordOf).join(''));
}

function wordOf(span: Span): string {
  switch (span.kind) {
    case 'user':
      return span.name;
    case 'time':
      return '(time)';
    case 'channel':
      return `#${span.id}`;
    default:
      return span.text;
  }
}

function idOf(address: ReplyAddress): string {
  return String(address.data['message']);
}
