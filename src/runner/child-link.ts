/**
 * One child process, from start to exit: messages both ways, and the watch over a child that dies, hangs or stops
 * making progress. It ends a bad child and says so once; whoever owns the work decides what runs again.
 */
import { fork, type ChildProcess } from 'node:child_process';

import { LateClock } from './late-clock.ts';
import { parseToParent, type Assignment, type ToChild, type ToParent } from './messages.ts';
import { siblingModule } from './sibling-module.ts';

export type LinkTimes = {
  /** Between signs of life, both ways. */
  readonly heartbeatMs: number;
  /** A ready child silent for so long hangs; longer than the device's longest single call, which nothing can interrupt. */
  readonly hangMs: number;
  /** Opening the device and its models may take so long. */
  readonly startMs: number;
  /** Work without any event for so long hangs, even in a child that is alive. */
  readonly stallMs: number;
  /** The child ends itself when the parent has been silent for so long. */
  readonly parentLimitMs: number;
};

export type LinkOptions = {
  readonly factory: string;
  readonly factoryOptions: unknown;
  readonly execArgv: readonly string[] | undefined;
  readonly times: LinkTimes;
  readonly onMessage: (message: ToParent) => void;
  /** Called once, with the reason in words. */
  readonly onGone: (reason: string) => void;
  /** Whether the child has work: only then can it stall. */
  readonly isBusy: () => boolean;
};

export class ChildLink {
  readonly #options: LinkOptions;
  readonly #process: ChildProcess;
  readonly #voice: LateClock;
  readonly #progress: LateClock;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #exited: Promise<void>;
  #reason: string | undefined;
  #isReady = false;
  lastHeardAtMs: number | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { factory, factoryOptions, execArgv, times } = options;
    const assignment: Assignment = {
      factory,
      options: factoryOptions,
      parentPid: process.pid,
      heartbeatMs: times.heartbeatMs,
      parentLimitMs: times.parentLimitMs,
    };
    this.#voice = new LateClock(times.heartbeatMs);
    this.#progress = new LateClock(times.heartbeatMs);
    this.#process = fork(siblingModule('child', import.meta.url), [JSON.stringify(assignment)], {
      serialization: 'advanced',
      // Both outputs of the child go to this process's errors: its standard output may be somebody's data.
      stdio: ['ignore', 2, 2, 'ipc'],
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    });
    this.#process.on('message', (raw: unknown) => this.#hear(raw));
    this.#process.on('error', (error) => this.kill(`could not be started or reached: ${error.message}`));
    this.#exited = new Promise((resolve) => this.#process.once('exit', () => resolve()));
    this.#process.once('exit', (code, signal) => this.#gone(code, signal));
    this.#timer = setInterval(() => this.#watch(), times.heartbeatMs);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  send(message: ToChild): void {
    if (this.#process.connected) {
      // A pipe that breaks now is followed by the exit, which is where it is dealt with.
      this.#process.send(message, undefined, {}, () => {});
    }
  }

  /** Counts as progress: work has just been handed over. */
  expectProgress(): void {
    this.#progress.heard();
  }

  /** Ends the process at once; `onGone` follows with the first reason given. */
  kill(reason: string): void {
    this.#reason ??= reason;
    this.#process.kill('SIGKILL');
    if (this.#process.pid === undefined) {
      this.#gone(null, null); // never started: there will be no exit
    }
  }

  /** Lets the child free its device and end; by force after `limitMs`. */
  async close(limitMs: number): Promise<void> {
    this.#reason ??= 'closed';
    this.send({ kind: 'close' });
    const timer = setTimeout(() => this.kill('did not close in time'), limitMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #hear(raw: unknown): void {
    this.#voice.heard();
    this.lastHeardAtMs = Date.now();
    let message: ToParent;
    try {
      message = parseToParent(raw);
    } catch (error) {
      this.kill(`said something unexpected: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    if (message.kind === 'ready') {
      this.#isReady = true;
    }
    if (message.kind !== 'beat') {
      this.#progress.heard();
    }
    this.#options.onMessage(message);
  }

  #watch(): void {
    const { hangMs, startMs, stallMs } = this.#options.times;
    this.send({ kind: 'beat' });
    const silenceMs = this.#voice.silenceMs();
    const stillMs = this.#progress.silenceMs();
    if (!this.#isReady) {
      if (stillMs > startMs) {
        this.kill(`was not ready after ${startMs} ms`);
      }
      return;
    }
    if (silenceMs > hangMs) {
      this.kill(`said nothing for ${hangMs} ms`);
    } else if (!this.#options.isBusy()) {
      this.#progress.heard();
    } else if (stillMs > stallMs) {
      this.kill(`made no progress for ${stallMs} ms`);
    }
  }

  #gone(code: number | null, signal: NodeJS.Signals | null): void {
    clearInterval(this.#timer);
    this.#process.removeAllListeners();
    this.#process.on('error', () => {}); // a late one has nobody left to tell
    this.#options.onGone(this.#reason ?? (signal === null ? `ended with status ${code}` : `was ended by ${signal}`));
  }
}
