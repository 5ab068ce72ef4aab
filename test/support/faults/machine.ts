/**
 * A bot process that can be ordered about, killed and started again on the same data; it remembers what was done to it
 * and when nobody could have been heard.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { STUB_CHILD } from '../stub-factory.ts';
import type { BotAssignment, Order } from './bot.ts';

/** A gap between two looks at the clock from which on the whole computer has stood still. */
const STANDSTILL_MS = 1000;
const LOOK_MS = 200;
/** Whoever waited for a processor through so much of so long had no time to answer in. */
const STARVED = { waitedMs: 1500, withinMs: 3000 } as const;

type Absence = { readonly fromMs: number; toMs: number };

export class Machine {
  readonly #assignment: BotAssignment;
  readonly #story: string[] = [];
  readonly #absences: Absence[] = [];
  #absence: Absence | undefined;
  #bot: ChildProcess | undefined;
  #wait: ProcessorWait | undefined;
  starts = 0;

  constructor(assignment: BotAssignment) {
    this.#assignment = assignment;
    let lookedAtMs = Date.now();
    const own = new ProcessorWait(process.pid);
    setInterval(() => {
      const nowMs = Date.now();
      if (nowMs - lookedAtMs > STANDSTILL_MS) {
        this.note(`everything stood still for ${nowMs - lookedAtMs} ms`);
        this.#absences.push({ fromMs: lookedAtMs, toMs: nowMs });
      }
      lookedAtMs = nowMs;
      for (const wait of [own, this.#wait]) {
        const starved = wait?.starvedAt(nowMs);
        if (starved !== undefined) {
          this.#absences.push(starved);
        }
      }
    }, LOOK_MS).unref();
  }

  async start(): Promise<void> {
    this.starts++;
    const bot = fork(new URL('./bot.ts', import.meta.url), [JSON.stringify(this.#assignment)], {
      execArgv: [...STUB_CHILD.execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#bot = bot;
    this.#wait = bot.pid === undefined ? undefined : new ProcessorWait(bot.pid);
    const gone = new AbortController();
    bot.once('exit', (code, signal) => {
      gone.abort(new Error(`the bot ended by itself: ${code ?? signal}`));
      if (this.#absence === undefined) {
        process.stderr.write(`the bot ended by itself: ${code ?? signal}\n`);
      }
    });
    await once(bot, 'message', { signal: gone.signal });
    this.note(`bot ${bot.pid} is up`);
    this.#endAbsence();
  }

  tell(order: Order): void {
    this.note(JSON.stringify(order));
    this.#bot?.send(order);
  }

  async kill(): Promise<void> {
    const bot = this.#bot;
    if (bot !== undefined && bot.exitCode === null && bot.signalCode === null) {
      const gone = once(bot, 'exit');
      this.#beginAbsence();
      bot.kill('SIGKILL');
      await gone;
      this.note(`bot ${bot.pid} was killed`);
    }
  }

  async stop(): Promise<void> {
    const bot = this.#bot;
    if (bot !== undefined) {
      const gone = once(bot, 'exit');
      this.#beginAbsence();
      this.tell({ kind: 'stop' });
      await gone;
      this.note(`bot ${bot.pid} has stopped`);
    }
  }

  /** The process stands still for so long, as on a machine that has no time for it: what it acknowledges then is late. */
  async halt(ms: number): Promise<void> {
    await this.absent(`the bot stands still for ${ms} ms`, async () => {
      this.#bot?.kill('SIGSTOP');
      await pause(ms);
      this.#bot?.kill('SIGCONT');
    });
  }

  /** Nobody can be heard while this lasts, though the bot is well. */
  async absent(what: string, work: () => Promise<unknown>): Promise<void> {
    this.note(what);
    this.#beginAbsence();
    await work();
    this.#endAbsence();
  }

  /** True where the bot was away, or the whole computer stood still, at some moment between the two. */
  wasAway(fromMs: number, toMs: number): boolean {
    return this.#absences.some((absence) => absence.fromMs <= toMs && absence.toMs >= fromMs);
  }

  /** How often what was done to it. */
  figures(): string {
    const counts = new Map<string, number>();
    for (const line of this.#story) {
      const what = line.slice(line.indexOf(' ') + 1).replaceAll(/\bbot \d+/g, 'the bot');
      counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    return [...counts].map(([what, times]) => `${what} (${times})`).join(', ');
  }

  note(what: string): void {
    this.#story.push(`${new Date().toISOString()} ${what}`);
  }

  /** What was done to the bot, and what it said about any of the marks, with times. */
  async story(marks: readonly string[]): Promise<readonly string[]> {
    const said = (await readFile(join(this.#assignment.folder, 'bot.log'), 'utf8').catch(() => '')).split('\n');
    return [...this.#story, ...said.filter((line) => marks.some((mark) => line.includes(mark)))];
  }

  #beginAbsence(): void {
    this.#absence = { fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY };
    this.#absences.push(this.#absence);
  }

  #endAbsence(): void {
    if (this.#absence !== undefined) {
      this.#absence.toMs = Date.now();
      this.#absence = undefined;
    }
  }
}

/**
 * How long a process was ready to run and other programs had the processors: what nobody can be blamed for. By Linux's
 * count of its main thread (/proc/PID/schedstat: nanoseconds run, nanoseconds waited); elsewhere it never waits.
 */
class ProcessorWait {
  readonly #pid: number;
  #looks: { readonly atMs: number; readonly waitedMs: number }[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Since when, where it has waited too much of the last seconds. */
  starvedAt(nowMs: number): Absence | undefined {
    const waitedMs = this.#waitedMs();
    if (waitedMs === undefined) {
      return undefined;
    }
    this.#looks = [...this.#looks.filter(({ atMs }) => atMs >= nowMs - STARVED.withinMs), { atMs: nowMs, waitedMs }];
    const [first] = this.#looks;
    return first !== undefined && waitedMs - first.waitedMs > STARVED.waitedMs
      ? { fromMs: first.atMs, toMs: nowMs }
      : undefined;
  }

  #waitedMs(): number | undefined {
    try {
      return Number(readFileSync(`/proc/${this.#pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
    } catch {
      return undefined; // gone, or not Linux
    }
  }
}
