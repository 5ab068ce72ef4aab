/** The page's chat without HTTP: whose message a press may change, what outlives a crash, and what is refused in words. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { History } from '../../../src/adapters/web/history.ts';
import { WebChat } from '../../../src/adapters/web/web-chat.ts';
import { acknowledgementOf } from '../../../src/bot/acknowledgement.ts';
import { errorText } from '../../../src/bot/texts/index.ts';
import type { Bot, Invocation } from '../../../src/core/chat.ts';
import { UserError } from '../../../src/core/errors.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { Message } from '../../../src/core/message.ts';
import { SILENT_LOG } from '../../support/bot-ports.ts';

type Handled = { readonly invocation: Invocation; readonly address: ReplyAddress };

let folder: string;
let history: History;
let chat: WebChat;
let handled: Handled[];
let accepted: Handled[];
let answer: ((address: ReplyAddress) => Promise<void>) | undefined;

const say = (text: string, id?: string): Message => ({
  lines: [[{ kind: 'plain', text }]],
  picture: undefined,
  files: [],
  rows:
    id === undefined
      ? []
      : [[{ kind: 'button', id, label: 'press', emoji: undefined, tone: 'normal', isDisabled: false }]],
  notify: undefined,
});
const edit = { mode: 'edit', key: 'k', isFinal: true } as const;
const address = (message: string, browser: string): ReplyAddress => ({
  platform: 'web',
  data: { message, browser, isPrivate: false },
});
const wordsOf = (browser: string) =>
  chat
    .visibleTo(browser)
    .map(({ lines }) => lines.flatMap((line) => line.map((span) => ('text' in span ? span.text : ''))).join(''));
const nothing = { files: new Map(), release: async () => undefined };
const ann = 'a'.repeat(24);
const ben = 'b'.repeat(24);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-web-chat-'));
  history = await History.open(folder, { messages: 200, bytes: 1e9 });
  handled = [];
  accepted = [];
  answer = undefined;
  const bot: Bot = {
    acknowledgement: acknowledgementOf,
    form: async () => {
      throw new Error('no form was expected');
    },
    record: async (invocation, at) => {
      accepted.push({ invocation, address: at });
      expect(handled).toHaveLength(accepted.length - 1);
      return async () => undefined;
    },
    handle: async (invocation, at) => {
      handled.push({ invocation, address: at });
      await answer?.(at);
    },
    suggest: async () => [],
  };
  chat = new WebChat({ history, bot, log: SILENT_LOG, now: () => 0 });
});
afterEach(async () => {
  await chat.stop();
  rmSync(folder, { recursive: true, force: true });
});

const press = async (browser: string, id: string, message: string) =>
  await chat.act(chat.actor(browser, '', false, 'en'), browser, { kind: 'button', id, message }, nothing);

describe('a press', () => {
  it('changes the message that carries the button', async () => {
    await chat.deliver(address('panel', ann), say('settings', '1.panel.count'), edit);
    answer = async (at) => void (await chat.deliver(at, say('changed'), edit));
    await press(ann, '1.panel.count', 'panel');
    expect(wordsOf(ann)).toEqual(['changed']);
  });

  it('that is forged changes and removes nobody else’s message', async () => {
    await chat.deliver(address('fox', ann), say('a fox', '1.reroll.job1'), edit);
    answer = async (at) => void (await chat.deliver(at, say('Deleted: nothing'), edit));
    await press(ben, '1.forget-me', 'fox');
    expect(wordsOf(ann)).toEqual(['a fox']);
    expect(wordsOf(ben)).toEqual(['a fox', 'Deleted: nothing']);
    answer = async (at) => chat.remove(at);
    await press(ben, '1.delete.job2', 'fox');
    expect(wordsOf(ann)).toEqual(['a fox']);
  });

  it('on a private message that is no longer kept is answered privately', async () => {
    answer = async (at) => void (await chat.deliver(at, say('secret settings'), edit));
    await press(ann, '1.panel.count', 'forgotten');
    expect(wordsOf(ben)).toEqual([]);
    expect(wordsOf(ann)).toEqual(['secret settings']);
  });
});

describe('what was asked', () => {
  it('is written down before it is shown, so that a crash leaves no “thinking …” behind', async () => {
    const action = { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } } as const;
    await chat.act(chat.actor(ann, '', false, 'en'), ann, action, nothing);
    expect(accepted).toHaveLength(1);
    expect(accepted[0]?.address).toEqual(handled[0]?.address);
  });
});

describe('a name', () => {
  it('is what the person calls themselves', () => {
    expect(chat.actor(ann, 'Ann', true, 'en').name).toBe('Ann');
  });

  it('of a person and of the page is in the reader’s language', () => {
    const actor = chat.actor(ann, '', false, 'de-DE,de;q=0.9');
    expect([actor.name, chat.place(actor).serverName]).toEqual(['Gast aaaa', 'dieser Seite']);
    expect(chat.actor(ann, '', true, 'en').name).toBe('operator');
  });
});

describe('a refusal', () => {
  const sentenceOf = async (work: () => unknown): Promise<string> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof UserError) {
        return errorText('de', error);
      }
      throw error;
    }
    return '';
  };
  const actor = () => chat.actor(ann, '', false, 'de');

  it.each([
    [{ kind: 'text', text: '/stile list' }, 'stile list'],
    [{ kind: 'command', name: 'nonsense', options: {} }, 'nonsense'],
    [{ kind: 'command', name: 'imagine', options: { prompt: 'x', seed: 'seven' } }, 'seven'],
  ] as const)('of %j names what came, in German', async (action, given) => {
    const sentence = await sentenceOf(() => chat.act(actor(), ann, action, nothing));
    expect(sentence).toContain(given);
    expect(sentence).not.toMatch(/[{}]/u);
  });
});
