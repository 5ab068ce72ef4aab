/**
 * Many people ask for pictures while everything that can break does: the device's process and the whole bot are
 * killed, the disk is full for a while, the clock is set back and forth. However it went, no picture is lost, none
 * comes twice, and every conversation that was begun has ended.
 *
 * FAULT_JOBS=10000 makes it the long run; the default keeps it short.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { jobIdOf } from '../../src/bot/jobs/ids.ts';
import type { FaultBotAssignment, FaultOrder } from '../support/fault-bot.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import type { Exchange } from '../support/discord/exchange.ts';
import type { Person } from '../support/discord/person.ts';
import { seenMessage, type SeenMessage } from '../support/discord/seen.ts';
import { STUB_CHILD } from '../support/stub-factory.ts';

const JOBS = Number(process.env['FAULT_JOBS'] ?? 400);
const PEOPLE = 40;
/** Ends the test where nothing moves any more; no machine is so slow. */
const LIMIT_MS = 300_000 + JOBS * 500;
/** The longest that one conversation may take, restarts and the pauses between tries included. */
const WAIT_MS = 240_000;

/** A bot process that can be ordered about and started again on the same data. */
class Machine {
  readonly #assignment: FaultBotAssignment;
  #bot: ChildProcess | undefined;
  starts = 0;

  constructor(assignment: FaultBotAssignment) {
    this.#assignment = assignment;
  }

  async start(): Promise<void> {
    this.starts++;
    const program = new URL('../support/fault-bot.ts', import.meta.url);
    this.#bot = fork(program, [JSON.stringify(this.#assignment)], {
      execArgv: [...STUB_CHILD.execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    const gone = new AbortController();
    this.#bot.once('exit', () => gone.abort());
    await once(this.#bot, 'message', { signal: gone.signal });
    note(`bot ${this.#bot.pid} is up`);
  }

  tell(order: FaultOrder): void {
    note(JSON.stringify(order));
    this.#bot?.send(order);
  }

  async kill(): Promise<void> {
    const bot = this.#bot;
    if (bot !== undefined && bot.exitCode === null && bot.signalCode === null) {
      const gone = once(bot, 'exit');
      bot.kill('SIGKILL');
      await gone;
      note(`bot ${bot.pid} was killed`);
    }
  }

  async stop(): Promise<void> {
    const bot = this.#bot;
    if (bot !== undefined) {
      const gone = once(bot, 'exit');
      this.tell({ kind: 'stop' });
      await gone;
      note(`bot ${bot.pid} has stopped`);
    }
  }
}

/** What was done to the bot, with times, for whoever looks for the reason of a failure. */
const story: string[] = [];

function note(what: string): void {
  story.push(`${new Date().toISOString()} ${what}`);
}

let folder = '';
let fake: FakeDiscord;
let machine: Machine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-faults-'));
  fake = await FakeDiscord.start({ heartbeatMs: 500 });
  await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
  machine = new Machine({ folder, token: fake.token, apiUrl: fake.apiUrl, cdnUrl: fake.cdnUrl, slots: 4 });
  await machine.start();
});

afterAll(async () => {
  await machine.kill();
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

/** It says done or failed and can go no further by itself. */
function isEnded(message: SeenMessage): boolean {
  return !message.isLoading && !message.buttons.some(({ label }) => label.includes('Cancel'));
}

function isPicture(message: SeenMessage): boolean {
  return (
    isEnded(message) && message.pictures.length === 1 && message.buttons.some(({ label }) => label.includes('Reroll'))
  );
}

type Try = {
  readonly person: Person;
  readonly prompt: string;
  readonly isHeard: boolean;
  readonly exchange: Exchange;
};

/**
 * Asks until there is a picture, as people do, with a new word each time. "The application did not respond" is no
 * answer either: they ask again.
 */
async function getPicture(person: Person, thing: string, tries: Try[]): Promise<void> {
  for (let round = 0; ; round++) {
    await fake.world.until('a bot', () => (fake.gateway.isConnected ? true : undefined), LIMIT_MS);
    const prompt = `${thing} try ${round}`;
    const exchange = person.slash('imagine', { prompt, count: 1 });
    const isHeard = await fake.world
      .until('an acknowledgement', () => (exchange.interaction.acknowledgedAtMs === undefined ? undefined : true), 3500)
      .catch(() => false);
    const asked = { person, prompt, isHeard, exchange };
    tries.push(asked);
    if (!isHeard) {
      continue;
    }
    const answer = () => exchange.answers.find(isEnded) ?? answersTo(asked).find(isEnded);
    const ended = await fake.world.until(`an end of ${prompt}`, answer, WAIT_MS).catch(async (cause: unknown) => {
      throw new Error(`never ended: ${await historyOf(asked)}`, { cause });
    });
    if (isPicture(ended)) {
      return;
    }
    await sleep(100); // people do not ask again at once
  }
}

/** What stands in the person's channel about these words. */
function answersTo({ person, prompt, exchange }: Try): readonly SeenMessage[] {
  const { createdAtMs } = exchange.interaction;
  return fake.world.messages
    .in(person.channel)
    .filter((message) => message.createdAtMs >= createdAtMs && message.content.includes(`**${prompt}**`))
    .map(seenMessage);
}

/** Whatever was not ended: none, once the last line beside a late answer has been cleared away. */
async function openTries(tries: readonly Try[]): Promise<readonly Try[]> {
  const open = () =>
    tries.filter((asked) => [...asked.exchange.answers, ...answersTo(asked)].some((message) => !isEnded(message)));
  await fake.world
    .until('an end of everything', () => (open().length === 0 ? true : undefined), WAIT_MS)
    .catch(() => false);
  return open();
}

/** All that is known of a conversation: what is seen, every request about it, and what was done to the bot. */
async function historyOf(asked: Try): Promise<string> {
  const { person, prompt, exchange } = asked;
  const { interaction, answers } = exchange;
  const seen = [...answers, ...answersTo(asked)];
  const job = jobIdOf('discord', interaction.id);
  const marks = [interaction.id, interaction.token, job, ...seen.map(({ id }) => id)];
  const requests = fake.rest.seen
    .filter(({ path }) => marks.some((mark) => path.includes(mark)) || path.includes(person.channel.id))
    .map(({ atMs, method, path, status }) => `${new Date(atMs).toISOString()} ${method} ${path} ${status}`);
  const said = (await readFile(join(folder, 'bot.log'), 'utf8')).split('\n');
  const lines = [...story, ...requests, ...said.filter((line) => marks.some((mark) => line.includes(mark)))];
  const when = `asked ${new Date(interaction.createdAtMs).toISOString()}, acknowledged ${interaction.acknowledgedAtMs}`;
  const what = JSON.stringify(seen, (key, value: unknown) => (key === 'data' ? undefined : value));
  return [`${prompt} of ${person.user.name}, job ${job}, ${when}, sees ${what}`, ...lines.toSorted()].join('\n  ');
}

describe('a bot in trouble', () => {
  it(
    `brings ${JOBS} pictures to ${PEOPLE} people, each once, and leaves nobody waiting`,
    async () => {
      const people = Array.from({ length: PEOPLE }, (_, k) => {
        const guild = fake.addGuild(`Guild ${k % 8}`);
        return fake.user(`person ${k}`, { channel: fake.addChannel({ name: `pictures ${k}`, guild }) });
      });
      const tries: Try[] = [];
      let done = 0;
      let next = 0;
      const ask = async (person: Person) => {
        for (let k = next++; k < JOBS; k = next++) {
          await getPicture(person, `thing ${k}`, tries);
          done++;
          fake.world.changed();
        }
      };
      const isDone = (share: number) =>
        fake.world.until(`${share} of the pictures`, () => (done >= share * JOBS ? true : undefined), LIMIT_MS);
      await Promise.all([...people.map(ask), makeTrouble(isDone)]);

      // Nobody is left waiting, nothing came twice, and everybody has what was asked for.
      expect(await Promise.all((await openTries(tries)).map(historyOf))).toEqual([]);
      expect(people.flatMap((person) => person.sees).filter((message) => !isEnded(message))).toEqual([]);
      const doubled = tries.filter((asked) => answersTo(asked).length > 1);
      expect(await Promise.all(doubled.map(historyOf))).toEqual([]);
      const shown = people.flatMap((person) => person.sees).filter(isPicture);
      const things = new Set(shown.map(({ text }) => /thing \d+/.exec(text)?.[0]));
      expect(things.size).toBe(JOBS);
      // A try beside the first is one that went unheard or was refused while the disk was full.
      const heard = tries.filter(({ isHeard }) => isHeard);
      expect(people.flatMap((person) => person.sees).length).toBeGreaterThanOrEqual(heard.length);
      expect(people.flatMap((person) => person.sees).length).toBeLessThanOrEqual(tries.length);
      expect(machine.starts).toBe(4);
    },
    2 * LIMIT_MS,
  );
});

/** One fault after another, spread over the run, each with a moment to show what it does. */
async function makeTrouble(isDone: (share: number) => Promise<unknown>): Promise<void> {
  const after = async (share: number) => {
    await isDone(share);
    await sleep(500);
  };
  await after(0.1);
  machine.tell({ kind: 'kill-child' });
  await after(0.2);
  await machine.kill();
  await machine.start();
  await after(0.3);
  machine.tell({ kind: 'clock', offsetMs: 3_600_000 });
  await after(0.4);
  machine.tell({ kind: 'clock', offsetMs: -3_600_000 });
  await after(0.45);
  machine.tell({ kind: 'clock', offsetMs: 0 });
  await after(0.5);
  machine.tell({ kind: 'disk', isFull: true });
  await sleep(500);
  machine.tell({ kind: 'kill-child' });
  await sleep(500);
  machine.tell({ kind: 'disk', isFull: false });
  await after(0.6);
  note('the gateway drops');
  fake.gateway.drop();
  await after(0.7);
  await machine.kill();
  await machine.start();
  machine.tell({ kind: 'kill-child' });
  await after(0.8);
  await machine.stop();
  await machine.start();
}
