/**
 * What every chat does with events and answers, whatever platform stands behind it. `open` gives one with its real client
 * library against a stand-in; a platform says what it has no notion of, and that is skipped by name.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Acknowledgement, Adapter, Bot, DeliverOptions, Invocation, Suggestion } from '../../src/core/chat.ts';
import type { ReplyAddress } from '../../src/core/job.ts';
import type { Form, Message } from '../../src/core/message.ts';
import type { Recorded } from '../support/dying-chat.ts';

/** As the asker sees the place where they asked, oldest first. */
export type Sight = { readonly words: string; readonly pictures: number; readonly isPrivate: boolean };

export interface ChatStage {
  /** The process that is connected now. */
  readonly adapter: Adapter;
  /** Somebody asks in public; resolves when the platform has been told, or has given up. */
  ask(times?: number): Promise<void>;
  sees(): Promise<readonly Sight[]>;
  /** What somebody else sees there. */
  othersSee(): Promise<readonly Sight[]>;
  /** Everything that stands there is deleted by those who may. */
  clear(): Promise<void>;
  /** The next events reach us after the platform has stopped waiting. Undefined: the platform waits. */
  readonly makeLate: (() => void) | undefined;
  /** From now on files are refused for good. Undefined: nothing is ever refused. */
  readonly refuseFiles: (() => void) | undefined;
  /** The process dies, and another of the same bot connects. */
  restart(): Promise<void>;
  /**
   * Somebody asks in public; the process is killed when its bot has written that down, before the platform is told, and
   * another one connects. Gives what was written down.
   */
  killed(): Promise<Recorded>;
  close(): Promise<void>;
}

/** Does what a test says and remembers what it was asked. */
export class ConformanceBot implements Bot {
  how: Acknowledgement = 'public';
  readonly recorded: Recorded[] = [];
  readonly handled: Recorded[] = [];
  act: (invocation: Invocation, address: ReplyAddress) => Promise<void> = async () => undefined;

  acknowledgement(): Acknowledgement {
    return this.how;
  }

  async form(): Promise<Form> {
    throw new Error('no form was expected');
  }

  async record(invocation: Invocation, address: ReplyAddress): Promise<() => Promise<void>> {
    const entry = { invocation, address };
    this.recorded.push(entry);
    return async () => void this.recorded.splice(this.recorded.indexOf(entry), 1);
  }

  async handle(invocation: Invocation, address: ReplyAddress): Promise<void> {
    this.handled.push({ invocation, address });
    await this.act(invocation, address);
  }

  async suggest(): Promise<readonly Suggestion[]> {
    return [];
  }
}

const FINAL: DeliverOptions = { mode: 'edit', key: 'final', isFinal: true };
const PASSING: DeliverOptions = { mode: 'edit', key: 'passing', isFinal: false };

function say(text: string, hasPicture = false): Message {
  const data = Buffer.from(`pixels of ${text}`);
  const picture = { name: 'fox.png', contentType: 'image/png', data, alt: text, isSpoiler: false };
  return {
    lines: [[{ kind: 'plain', text }]],
    picture: hasPicture ? picture : undefined,
    files: [],
    rows: [],
    notify: undefined,
  };
}

export function describeChatPort(name: string, open: (bot: ConformanceBot) => Promise<ChatStage>): void {
  describe(`the chat port, by ${name}`, () => {
    let bot: ConformanceBot;
    let stage: ChatStage;

    beforeEach(async () => {
      bot = new ConformanceBot();
      stage = await open(bot);
    });

    afterEach(async () => {
      await stage.close();
    });

    /** The address under which the answer to one more question belongs. */
    async function asked(): Promise<ReplyAddress> {
      const before = bot.handled.length;
      await stage.ask();
      await eventually(() => expect(bot.handled.length).toBe(before + 1));
      return bot.handled[before]!.address;
    }

    it('carries out what is asked and puts the answer, picture and all, in the place of the first sign', async () => {
      const address = await asked();
      await stage.adapter.deliver(address, say('a fox', true), FINAL);
      expect(await stage.sees()).toEqual([{ words: 'a fox', pictures: 1, isPrivate: false }]);
      expect(bot.recorded).toHaveLength(1);
      expect(JSON.parse(JSON.stringify(address))).toEqual(address);
    });

    it('carries out once what comes twice', async () => {
      await stage.ask(2);
      await eventually(() => expect(bot.handled).toHaveLength(1));
      await stage.restart();
      expect([bot.handled.length, (await stage.sees()).length]).toEqual([1, 1]);
    });

    it('does not carry out what comes too late to be acknowledged, and takes back its record', async ({ skip }) => {
      if (stage.makeLate === undefined) {
        skip(`${name} waits`);
      }
      stage.makeLate?.();
      await stage.ask();
      await stage.adapter.stop();
      expect([bot.handled, bot.recorded, await stage.sees()]).toEqual([[], [], []]);
    });

    it('finishes what runs when it stops, and carries out nothing that comes meanwhile', async () => {
      const order: string[] = [];
      let finish = (): void => undefined;
      bot.act = async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        order.push('handled');
      };
      await asked();
      const stopped = stage.adapter.stop().then(() => order.push('stopped'));
      await stage.ask();
      finish();
      await stopped;
      expect(order).toEqual(['handled', 'stopped']);
      expect(bot.handled).toHaveLength(1);
    });

    it('answers after its death what had been written down, in the place of the first sign', async () => {
      await asked();
      const { address } = bot.recorded[0]!;
      await stage.restart();
      await stage.adapter.deliver(address, say('a fox', true), FINAL);
      expect(await stage.sees()).toEqual([{ words: 'a fox', pictures: 1, isPrivate: false }]);
    });

    it('answers what was written down by a process that was killed before it could acknowledge it', async () => {
      const { address } = await stage.killed();
      await stage.adapter.deliver(address, say('a fox', true), FINAL);
      const answers = (await stage.sees()).filter(({ words }) => words !== '');
      expect(answers).toEqual([{ words: expect.stringContaining('a fox'), pictures: 1, isPrivate: false }]);
    });

    it('lets no progress land on top of the answer, and lets the newest edit stand', async () => {
      const address = await asked();
      const edits = ['1/4', '2/4', '3/4'].map(async (step) => stage.adapter.deliver(address, say(step), PASSING));
      edits.push(stage.adapter.deliver(address, say('done', true), FINAL));
      await Promise.all(edits);
      expect(await stage.sees()).toEqual([{ words: 'done', pictures: 1, isPrivate: false }]);
      const reached = await edits.at(-1)!;
      await stage.adapter.deliver(reached, say('marked', true), { ...FINAL, key: 'marked' });
      expect((await stage.sees()).map(({ words }) => words)).toEqual(['marked']);
    });

    it('does not put back what its people have deleted', async () => {
      const address = await asked();
      const shown = await stage.adapter.deliver(address, say('2/4'), PASSING);
      await stage.clear();
      await stage.adapter.deliver(shown, say('unwanted', true), FINAL);
      expect(await stage.sees()).toEqual([]);
      await stage.adapter.remove(shown);
    });

    it('delivers the words where files are refused for good', async ({ skip }) => {
      if (stage.refuseFiles === undefined) {
        skip(`${name} refuses nothing`);
      }
      const address = await asked();
      stage.refuseFiles?.();
      await stage.adapter.deliver(address, say('a fox', true), FINAL);
      expect(await stage.sees()).toMatchObject([{ words: expect.stringContaining('a fox'), pictures: 0 }]);
    });

    it('shows a private answer to one person and takes nothing from the answer beside it', async () => {
      const shown = await stage.adapter.deliver(await asked(), say('a fox', true), FINAL);
      await stage.adapter.deliver(shown, say('for you'), { ...FINAL, mode: 'private', key: 'private' });
      expect((await stage.sees()).map(({ words, isPrivate }) => [words, isPrivate])).toEqual([
        ['a fox', false],
        ['for you', true],
      ]);
      expect(await stage.othersSee()).toEqual([{ words: 'a fox', pictures: 1, isPrivate: false }]);
    });

    it('takes the first sign away where the answer is private', async () => {
      await stage.adapter.deliver(await asked(), say('steps can be 1 to 8'), { ...FINAL, mode: 'private' });
      expect(await stage.sees()).toEqual([{ words: 'steps can be 1 to 8', pictures: 0, isPrivate: true }]);
      expect(await stage.othersSee()).toEqual([]);
    });

    it('posts another message beside the first, once for its key', async () => {
      const shown = await stage.adapter.deliver(await asked(), say('one', true), FINAL);
      const another: DeliverOptions = { mode: 'new', key: 'another', isFinal: true };
      await stage.adapter.deliver(shown, say('two'), another);
      await stage.adapter.deliver(shown, say('two'), another);
      expect((await stage.sees()).map(({ words }) => words)).toEqual(['one', 'two']);
    });
  });
}

async function eventually(assertion: () => void): Promise<void> {
  await vi.waitFor(assertion, { timeout: 30_000, interval: 10 });
}
