/**
 * A device in a child process, seen as a `Runner`. The child may die at any call of the device: it is replaced, and
 * what it was drawing is drawn again from the start, at most three times; events that were delivered are not repeated.
 * Which work goes into it when is `dispatch-order.ts`.
 */
import { CancelledError, StoppedError, UserError } from '../core/errors.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';
import { ChildLink, type LinkTimes } from './child-link.ts';
import { nextToSend } from './dispatch-order.ts';
import { EventChannel } from './event-channel.ts';
import type { ToParent } from './messages.ts';
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

type PendingWork = {
  readonly work: Work;
  readonly events: EventChannel;
  attempts: number;
  /** Set while it is in the child. */
  call: number | undefined;
  cancelTimer: ReturnType<typeof setTimeout> | undefined;
};

export class ProcessRunner implements Runner {
  readonly #options: ProcessRunnerOptions;
  readonly #times: LinkTimes;
  readonly #waiting: PendingWork[] = [];
  readonly #active = new Map<number, PendingWork>();
  readonly #idle: (() => void)[] = [];
  readonly #starts: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #link: ChildLink;
  #state: RunnerHealth['state'] = 'starting';
  #batches: RunnerHealth['batches'];
  #forms: RunnerHealth['forms'];
  #calls = 0;
  #failedStarts = 0;
  /** Children lost since a work last ended: each makes the next wait longer. */
  #losses = 0;
  #startError: Error | undefined;
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
    return this.#startError === undefined
      ? new Promise((resolve, reject) => this.#starts.push({ resolve, reject }))
      : Promise.reject(this.#startError);
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
    const pending: PendingWork = {
      work,
      events: new EventChannel(),
      attempts: 0,
      call: undefined,
      cancelTimer: undefined,
    };
    const cancel = () => this.#cancel(pending);
    signal.addEventListener('abort', cancel, { once: true });
    this.#waiting.push(pending);
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
        active: this.#active.size,
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
    this.#waiting.splice(0).forEach((pending) => pending.events.end(new StoppedError()));
    this.#settleStarts(new StoppedError());
    if (this.#active.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
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
      isBusy: () => this.#active.size > 0,
    });
  }

  #hear(message: ToParent): void {
    switch (message.kind) {
      case 'ready':
        this.#state = 'ready';
        this.#forms = message.forms;
        this.#startError = undefined;
        this.#settleStarts(undefined);
        this.#dispatch();
        return;
      case 'unable':
        this.#startError = unpackError(message.error);
        return;
      case 'event':
        this.#active.get(message.call)?.events.push(message.event);
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
    const { maxActive = 8 } = this.#options;
    while (this.#state === 'ready' && !this.#isClosing) {
      const pending = nextToSend(this.#waiting, [...this.#active.values()], maxActive);
      if (pending === undefined) {
        return;
      }
      this.#waiting.splice(this.#waiting.indexOf(pending), 1);
      pending.attempts++;
      pending.call = this.#calls++;
      this.#active.set(pending.call, pending);
      this.#link.expectProgress();
      this.#link.send({ kind: 'run', call: pending.call, work: pending.work });
    }
  }

  #cancel(pending: PendingWork): void {
    if (pending.call === undefined) {
      const at = this.#waiting.indexOf(pending);
      if (at >= 0) {
        this.#waiting.splice(at, 1);
      }
      pending.events.end(new CancelledError());
      return;
    }
    if (pending.cancelTimer === undefined) {
      this.#link.send({ kind: 'cancel', call: pending.call });
      const limitMs = this.#options.cancelLimitMs ?? 60_000;
      pending.cancelTimer = setTimeout(() => {
        // Its neighbours pay with a restart, not with one of their attempts.
        this.#active.forEach((active) => active.attempts--);
        this.#link.kill(`did not stop a cancelled work within ${limitMs} ms`);
      }, limitMs);
    }
  }

  #end(call: number, error: Error | undefined): void {
    const pending = this.#active.get(call);
    if (pending === undefined) {
      return;
    }
    this.#release(pending);
    pending.events.end(error);
    this.#dispatch();
  }

  #release(pending: PendingWork): void {
    clearTimeout(pending.cancelTimer);
    this.#active.delete(pending.call ?? -1);
    pending.call = undefined;
    if (this.#active.size === 0) {
      this.#idle.splice(0).forEach((wake) => wake());
    }
  }

  /** The child is gone: its works wait again, or end if they have had their chances. */
  #replace(reason: string): void {
    const { device, maxAttempts = 3, restartMs = 100, onRestart } = this.#options;
    const wasReady = this.#state === 'ready';
    const tasks = [...this.#active.values()];
    const again: PendingWork[] = [];
    for (const pending of tasks) {
      const isCancelled = pending.cancelTimer !== undefined;
      this.#release(pending);
      if (isCancelled) {
        pending.events.end(new CancelledError());
      } else if (this.#isClosing) {
        pending.events.end(new StoppedError());
      } else if (pending.attempts >= maxAttempts) {
        pending.events.end(
          new UserError(
            'runner.crashed',
            `Expected a picture, but the device stopped ${pending.attempts} times while drawing it. Try another size or other words, or ask the operator to look at the log.`,
            { params: { attempts: pending.attempts } },
          ),
        );
      } else {
        again.push(pending);
      }
    }
    if (this.#isClosing) {
      this.#state = 'stopped';
      return;
    }
    this.#waiting.unshift(...again);
    this.#state = 'restarting';
    onRestart?.(device, this.#startError?.message ?? reason);
    this.#failedStarts = wasReady ? 0 : this.#failedStarts + 1;
    if (!wasReady) {
      this.#failStart(reason);
    }
    const delayMs = Math.min(RESTART_CAP_MS, restartMs * 2 ** this.#losses++);
    this.#restartTimer = setTimeout(() => {
      this.#startError = undefined;
      this.#link = this.#spawn();
    }, delayMs);
  }

  #failStart(reason: string): void {
    const error = this.#startError ?? new Error(`the runner of ${this.#options.device} ${reason}`);
    this.#startError = error;
    this.#settleStarts(error);
    if (this.#failedStarts >= FAILED_STARTS) {
      this.#waiting.splice(0).forEach((pending) => pending.events.end(error));
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
