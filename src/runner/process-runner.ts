/**
 * A device in a child process, seen as a `Runner`. The child may die at any call of the device: it is replaced, and
 * what it was drawing is drawn again from the start; events that were delivered are not repeated.
 */
import { CancelledError, StoppedError } from '../core/errors.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';
import { ChildLink, type LinkTimes } from './child-link.ts';
import type { ToParent } from './messages.ts';
import { PendingWorks, type PendingWork } from './pending-works.ts';
import { unpackError } from './wire.ts';

export type ProcessRunnerOptions = {
  /** Shown in health and logs: `cpu`, `cuda:0`. */
  readonly device: string;
  /** Module that exports `createRunner(options): Promise<Runner>`; the child imports it. */
  readonly factory: URL;
  /** Plain JSON, handed to the factory. */
  readonly factoryOptions?: unknown;
  /** Works inside the child at once; more wait here. */
  readonly maxActive?: number;
  readonly maxAttempts?: number;
  /** A cancelled work that has not stopped after so long takes its child with it. */
  readonly cancelLimitMs?: number;
  /** Before a child that could not start, or died, is replaced; doubled each time in a row. */
  readonly restartMs?: number;
  readonly times?: Partial<LinkTimes>;
  /** Node's own arguments for the child; the default is this process's. */
  readonly execArgv?: readonly string[];
  /** Told of every child that went away unasked. */
  readonly onRestart?: (device: string, reason: string) => void;
};

const TIMES: LinkTimes = {
  heartbeatMs: 1000,
  hangMs: 180_000,
  startMs: 180_000,
  stallMs: 600_000,
  parentLimitMs: 15_000,
};
const RESTART_CAP_MS = 30_000;
/** Starts in a row that may fail before what waits is told why. */
const FAILED_STARTS = 3;

export class ProcessRunner implements Runner {
  readonly #options: ProcessRunnerOptions;
  readonly #times: LinkTimes;
  readonly #works = new PendingWorks();
  readonly #starts: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #link: ChildLink;
  #state: RunnerHealth['state'] = 'starting';
  #batches: RunnerHealth['batches'];
  #forms: RunnerHealth['forms'];
  #failedStarts = 0;
  /** Children lost since a work last ended: each makes the next wait longer. */
  #losses = 0;
  /** Of the child as it is now, in its own words: why it cannot begin, or not go on. */
  #fault: Error | undefined;
  #restartTimer: ReturnType<typeof setTimeout> | undefined;
  #isClosing = false;

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
    this.#link = this.#spawn();
  }

  /** Resolves once the device is open; rejects with the child's own words when its first start failed. */
  ready(): Promise<void> {
    if (this.#state === 'ready') {
      return Promise.resolve();
    }
    return this.#fault === undefined
      ? new Promise((resolve, reject) => this.#starts.push({ resolve, reject }))
      : Promise.reject(this.#fault);
  }

  /** Of the living child, for tests and logs. */
  get pid(): number | undefined {
    return this.#link.pid;
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    if (this.#isClosing) {
      throw new StoppedError();
    }
    if (signal.aborted) {
      throw new CancelledError();
    }
    const pending = this.#works.add(work);
    const cancel = () => this.#cancel(pending);
    signal.addEventListener('abort', cancel, { once: true });
    this.#dispatch();
    try {
      yield* pending.events.drain();
    } finally {
      signal.removeEventListener('abort', cancel);
      if (!pending.events.hasEnded) {
        cancel(); // the consumer left early
      }
    }
  }

  health(): readonly RunnerHealth[] {
    return [
      {
        device: this.#options.device,
        state: this.#state,
        active: this.#works.active,
        lastHeartbeatAtMs: this.#link.lastHeardAtMs,
        ...(this.#forms === undefined ? {} : { forms: this.#forms }),
        ...(this.#batches === undefined ? {} : { batches: this.#batches }),
      },
    ];
  }

  async close(limitMs: number): Promise<void> {
    const endsAtMs = performance.now() + limitMs;
    this.#isClosing = true;
    clearTimeout(this.#restartTimer);
    this.#works.endWaiting(new StoppedError());
    this.#settleStarts(new StoppedError());
    await this.#works.idle(limitMs);
    if (this.#state !== 'stopped' && this.#state !== 'restarting') {
      await this.#link.close(Math.max(100, endsAtMs - performance.now()));
    }
    this.#state = 'stopped';
  }

  #spawn(): ChildLink {
    return new ChildLink({
      factory: this.#options.factory.href,
      factoryOptions: this.#options.factoryOptions,
      execArgv: this.#options.execArgv,
      times: this.#times,
      onMessage: (message) => this.#hear(message),
      onGone: (reason) => this.#replace(reason),
      isBusy: () => this.#works.active > 0,
    });
  }

  #hear(message: ToParent): void {
    switch (message.kind) {
      case 'ready':
        this.#state = 'ready';
        this.#forms = message.forms;
        this.#fault = undefined;
        this.#settleStarts(undefined);
        this.#dispatch();
        return;
      case 'unable':
        this.#fault = unpackError(message.error);
        return;
      case 'event':
        this.#works.inCall(message.call)?.events.push(message.event);
        return;
      case 'end':
        this.#losses = 0;
        this.#end(message.call, undefined);
        return;
      case 'error':
        this.#end(message.call, unpackError(message.error));
        return;
      case 'beat':
        this.#batches = message.batches;
        return;
      default:
        message satisfies never;
    }
  }

  #dispatch(): void {
    while (this.#state === 'ready' && !this.#isClosing) {
      const pending = this.#works.next(this.#options.maxActive ?? 8);
      if (pending === undefined) {
        return;
      }
      this.#link.expectProgress();
      this.#link.send({ kind: 'run', call: pending.call, work: pending.work });
    }
  }

  #cancel(pending: PendingWork): void {
    if (pending.call === undefined) {
      this.#works.withdraw(pending);
      return;
    }
    if (pending.cancelTimer === undefined) {
      this.#link.send({ kind: 'cancel', call: pending.call });
      const limitMs = this.#options.cancelLimitMs ?? 60_000;
      pending.cancelTimer = setTimeout(() => {
        this.#works.forgiveAttempt();
        this.#link.kill(`did not stop a cancelled work within ${limitMs} ms`);
      }, limitMs);
    }
  }

  #end(call: number, error: Error | undefined): void {
    const pending = this.#works.inCall(call);
    if (pending === undefined) {
      return;
    }
    this.#works.release(pending);
    pending.events.end(error);
    this.#dispatch();
  }

  /** The child is gone: another one takes up its works, after a while that grows. */
  #replace(reason: string): void {
    const { device, maxAttempts = 3, restartMs = 100, onRestart } = this.#options;
    const wasReady = this.#state === 'ready';
    const stopped = this.#isClosing ? new StoppedError() : undefined;
    this.#works.lose(maxAttempts, { stopped, reason: wasReady ? this.#fault : undefined });
    if (this.#isClosing) {
      this.#state = 'stopped';
      return;
    }
    this.#state = 'restarting';
    onRestart?.(device, this.#fault?.message ?? reason);
    this.#failedStarts = wasReady ? 0 : this.#failedStarts + 1;
    if (wasReady) {
      this.#fault = undefined;
    } else {
      this.#failStart(reason);
    }
    const delayMs = Math.min(RESTART_CAP_MS, restartMs * 2 ** this.#losses++);
    this.#restartTimer = setTimeout(() => {
      this.#fault = undefined;
      this.#link = this.#spawn();
    }, delayMs);
  }

  #failStart(reason: string): void {
    const error = this.#fault ?? new Error(`the runner of ${this.#options.device} ${reason}`);
    this.#fault = error;
    this.#settleStarts(error);
    if (this.#failedStarts >= FAILED_STARTS) {
      this.#works.endWaiting(error);
    }
  }

  #settleStarts(error: Error | undefined): void {
    for (const { resolve, reject } of this.#starts.splice(0)) {
      if (error === undefined) {
        resolve();
      } else {
        reject(error);
      }
    }
  }
}
