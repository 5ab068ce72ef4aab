/**
 * Many people ask for pictures while everything that can break does: the device's process, the whole bot and the Redis
 * under it are killed, the disk is full for a while, the clock is set back and forth, the bot stands still until it is
 * too late to acknowledge, deliveries come twice, connections break, requests are limited and refused.
 * However it went, no picture is lost, none comes twice, none is another's, every conversation that was begun has
 * ended, and whoever was not heard within the platform's three seconds had asked while the bot was away.
 *
 * FAULT_JOBS is the number of pictures through each chat on each store, the four side by side: 25000 makes it the long
 * run of 100,000, with all of the trouble once in every 12,500; the default is a thousand in all.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openPicture } from '../../src/image/pixels.ts';
import type { Asked, Crowd, Sight } from '../support/faults/crowd.ts';
import { discordCrowd } from '../support/faults/discord-crowd.ts';
import { Machine } from '../support/faults/machine.ts';
import { slackCrowd } from '../support/faults/slack-crowd.ts';
import { hasRedis, RedisServer } from '../support/redis-server.ts';
import { stubPicture } from '../support/stub-runner.ts';

const JOBS = Number(process.env['FAULT_JOBS'] ?? 250);
/** How often all of the trouble is made. */
const ROUNDS = Math.max(1, Math.round(JOBS / 12_500));
const PEOPLE = 40;
/** The platforms' patience with an acknowledgement. */
const HEARD_WITHIN_MS = 3000;
/** Longer than that. */
const LATE_MS = 3500;
/** Ends the test where nothing moves any more; no machine is so slow. */
const LIMIT_MS = 300_000 + JOBS * 500;
/** The longest that one conversation may take, restarts and the pauses between tries included. */
const WAIT_MS = 240_000;

type Try = Asked & { readonly heardAfterMs: number | undefined; endedAtMs?: number };

describe.concurrent.each([
  ['Discord, with the embedded store', discordCrowd, 'embedded'],
  ['Slack, with the embedded store', slackCrowd, 'embedded'],
  ['Discord, on Redis', discordCrowd, 'redis'],
  ['Slack, on Redis', slackCrowd, 'redis'],
] as const)('a bot in trouble in %s', (name, gather, store) => {
  let folder = '';
  let crowd: Crowd;
  let machine: Machine;
  let redis: RedisServer | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fourstep-faults-'));
    crowd = await gather(PEOPLE);
    redis = store === 'redis' ? await RedisServer.start({ isForgetful: false }) : undefined;
    const storeUrl = redis === undefined ? {} : { storeUrl: redis.url };
    machine = new Machine({ folder, slots: 4, chat: crowd.assignment, ...storeUrl });
    await machine.start();
  }, LIMIT_MS);

  afterEach(async () => {
    await machine.kill();
    await redis?.stop();
    await crowd.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.skipIf(store === 'redis' && !hasRedis)(
    `brings ${JOBS} pictures to ${PEOPLE} people, each once, and leaves nobody waiting${store === 'embedded' || hasRedis ? '' : ' (skipped: no redis-server here)'}`,
    async ({ annotate }) => {
      const tries: Try[] = [];
      let done = 0;
      let next = 0;
      const askForMany = async (_: unknown, person: number) => {
        for (let k = next++; k < JOBS; k = next++) {
          await getPicture(person, `thing ${k}`, tries);
          done++;
          crowd.changed();
        }
      };
      const isDone = (share: number) =>
        crowd.until(`${share} of the pictures`, () => (done >= share * JOBS ? true : undefined), LIMIT_MS);
      await Promise.all([...Array.from({ length: PEOPLE }, (_, k) => k).map(askForMany), makeTrouble(isDone)]);
      tell('all have their pictures');

      // Nobody is left waiting, nothing came twice, and everybody has what was asked for.
      expect(await Promise.all((await openTries(tries)).map(historyOf))).toEqual([]);
      const seen = Array.from({ length: PEOPLE }, (_, person) => crowd.sees(person)).flat();
      expect(seen.filter((sight) => !sight.isEnded)).toEqual([]);
      const doubled = tries.filter((asked) => asked.shown().length > 1);
      expect(await Promise.all(doubled.map(historyOf))).toEqual([]);
      const pictures = seen.filter(({ isPicture }) => isPicture);
      expect(new Set(pictures.map(({ text }) => /thing \d+/.exec(text)?.[0])).size).toBe(JOBS);
      expect(await strangersAmong(pictures)).toEqual([]);
      // A try beside the first is one that went unheard or was refused while the disk was full.
      const heard = tries.flatMap(({ heardAfterMs }) => heardAfterMs ?? []).toSorted((a, b) => a - b);
      expect(seen.length).toBeGreaterThanOrEqual(heard.length);
      expect(seen.length).toBeLessThanOrEqual(tries.length);
      const unheard = tries.filter(({ heardAfterMs }) => heardAfterMs === undefined);
      const inVain = unheard.filter(({ askedAtMs }) => !machine.wasAway(askedAtMs, askedAtMs + HEARD_WITHIN_MS));
      expect(await Promise.all(inVain.map(historyOf))).toEqual([]);
      expect(machine.starts).toBe(1 + 4 * ROUNDS);
      const [p50, p99] = [0.5, 0.99].map((share) => heard[Math.floor(share * heard.length)]?.toFixed(1));
      const longestMs = Math.max(...tries.map(({ askedAtMs, endedAtMs = askedAtMs }) => endedAtMs - askedAtMs));
      const figures = [
        `${tries.length} tries, ${unheard.length} unheard`,
        `heard after ${p50} ms (p50), ${p99} ms (p99), ${heard.at(-1)?.toFixed(1)} ms (max)`,
        `the longest conversation ${(longestMs / 1000).toFixed(1)} s`,
        machine.figures(),
      ].join('; ');
      tell(figures);
      await annotate(figures);
    },
    2 * LIMIT_MS,
  );

  /** How a long run goes, for whoever waits for its end. */
  function tell(what: string): void {
    if (JOBS > 1000) {
      process.stderr.write(`${new Date().toISOString()} ${name}: ${what}\n`);
    }
  }

  /** Asks until there is a picture, as people do, with a new word each time. Who goes unheard asks again. */
  async function getPicture(person: number, thing: string, tries: Try[]): Promise<void> {
    for (let round = 0; ; round++) {
      await crowd.until('a bot', () => (crowd.isConnected() ? true : undefined), LIMIT_MS);
      const asked = crowd.ask(person, `${thing} try ${round}`);
      const attempt: Try = { ...asked, heardAfterMs: await asked.heard };
      tries.push(attempt);
      if (attempt.heardAfterMs === undefined) {
        continue;
      }
      const end = () => asked.answers().find(({ isEnded }) => isEnded);
      const ended = await crowd.until(`an end of ${asked.prompt}`, end, WAIT_MS).catch(async (cause: unknown) => {
        throw new Error(`never ended: ${await historyOf(attempt)}`, { cause });
      });
      attempt.endedAtMs = Date.now();
      if (ended.isPicture) {
        return;
      }
      await sleep(100); // people do not ask again at once
    }
  }

  /** Whatever was not ended: none, once the last line beside a late answer has been cleared away. */
  async function openTries(tries: readonly Try[]): Promise<readonly Try[]> {
    const open = () => tries.filter((asked) => asked.answers().some(({ isEnded }) => !isEnded));
    await crowd
      .until('an end of everything', () => (open().length === 0 ? true : undefined), WAIT_MS)
      .catch(() => undefined);
    return open();
  }

  /** All that is known of a conversation: what is seen, every request about it, and what was done to the bot. */
  async function historyOf(asked: Try): Promise<string> {
    const { prompt, askedAtMs, heardAfterMs } = asked;
    const seen = asked.answers().map(({ picture, ...sight }) => ({ ...sight, bytes: picture?.length }));
    const marks = [...asked.marks, ...seen.map(({ id }) => id)];
    const lines = [...(await machine.story(marks)), ...crowd.requests(marks)];
    const when = `asked ${new Date(askedAtMs).toISOString()}, heard after ${heardAfterMs} ms`;
    return [`${prompt}, ${when}, sees ${JSON.stringify(seen)}`, ...lines.toSorted()].join('\n  ');
  }

  async function killStore(): Promise<void> {
    if (redis !== undefined) {
      await machine.absent('Redis is killed', async () => {
        await redis?.kill();
        await sleep(300);
        await redis?.start();
      });
    }
  }

  /** One fault after another, spread over the run, each with a moment to show what it does; and all of it again. */
  async function makeTrouble(isDone: (share: number) => Promise<unknown>): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      await makeAllTrouble(async (share) => {
        const whole = (round + share) / ROUNDS;
        await isDone(whole);
        tell(`${Math.round(100 * whole)} % of ${JOBS} are there`);
        await sleep(500);
      });
    }
  }

  async function makeAllTrouble(after: (share: number) => Promise<void>): Promise<void> {
    const isBack = () => crowd.until('a socket', () => (crowd.isConnected() ? true : undefined), LIMIT_MS);
    await after(0.1);
    machine.tell({ kind: 'kill-child' });
    await after(0.2);
    await machine.kill();
    await machine.start();
    await after(0.3);
    machine.tell({ kind: 'clock', offsetMs: 3_600_000 });
    await after(0.35);
    machine.note('answers get lost');
    crowd.loseAnswers();
    await sleep(200);
    // The clock is right again after the start: what was asked before was asked in the future.
    await machine.kill();
    await machine.start();
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
    await after(0.55);
    machine.note('deliveries come twice');
    crowd.deliver(2);
    await after(0.6);
    await machine.absent('the socket drops', async () => {
      crowd.drop();
      await sleep(100);
      await isBack();
    });
    machine.note('answers get lost');
    crowd.loseAnswers();
    await after(0.63);
    machine.note('requests are limited and refused');
    crowd.refuseSome();
    await after(0.66);
    await machine.halt(LATE_MS);
    await killStore();
    await after(0.7);
    // The bot and what it stands on, together; the bot is there first.
    await machine.kill();
    await redis?.kill();
    await Promise.all([machine.start(), redis?.start()]);
    machine.tell({ kind: 'kill-child' });
    crowd.deliver(1);
    await after(0.8);
    await machine.stop();
    await machine.start();
  }
});

/** Pictures that are not what the device draws for their words and seed. */
async function strangersAmong(pictures: readonly Sight[]): Promise<readonly string[]> {
  const strangers: string[] = [];
  for (const { text, picture } of pictures) {
    const [prompt = ''] = /thing \d+ try \d+/.exec(text) ?? [];
    const seed = Number(/seed (\d+)/.exec(text)?.[1]);
    const { width, height, data } = await openPicture(picture ?? new Uint8Array());
    if (!Buffer.from(stubPicture(seed, prompt, width, height).data).equals(Buffer.from(data))) {
      strangers.push(text);
    }
  }
  return strangers;
}
