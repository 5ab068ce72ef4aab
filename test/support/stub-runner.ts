/**
 * A runner without an engine: deterministic pictures out of seed and prompt, steps of a chosen length, and faults on
 * request. Everything that needs a `Runner` and no model is tested with it.
 */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

import { CancelledError, StoppedError, UserError } from '../../src/core/errors.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../../src/core/work.ts';

export type StubRunnerOptions = {
  /** Length of one step of one picture; 0 (the default) only lets other work in between. */
  readonly stepMs?: number;
  readonly device?: string;
  /** Side of the pictures drawn instead of the asked size; the default is the asked size. */
  readonly sizePx?: number;
  /** Prompts that hold this are refused with `UserError('request.refused')` before anything else is said. */
  readonly refusePrompt?: string;
  /** Prompts that hold this throw a plain `Error` after their first step. */
  readonly failPrompt?: string;
  /** Prompts that hold this get a notice before their first step. */
  readonly noticePrompt?: string;
  /** Prompts that hold this are for a model that takes long to be made ready. */
  readonly preparingPrompt?: string;
  /** Called before each step; a test throws, waits or kills in it. */
  readonly beforeStep?: (work: Work, index: number, step: number) => void | Promise<void>;
};

/** What the stub draws for a seed and a text: compare with it to see that nothing was mixed up. */
export function stubPicture(seed: number, text: string, width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  let state = hash(`${seed} ${text}`);
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = state >>> 24;
  }
  return { width, height, data };
}

/** What the stub learns: its bytes tell the style and how long. */
export function stubLora(title: string, steps: number): Uint8Array {
  return new TextEncoder().encode(`${title} after ${steps}`);
}

export function createStubRunner(options: StubRunnerOptions = {}): Runner {
  return new StubRunner(options);
}

class StubRunner implements Runner {
  readonly #options: StubRunnerOptions;
  readonly #idle: (() => void)[] = [];
  #active = 0;
  #isClosing = false;
  #isStopped = false;

  constructor(options: StubRunnerOptions) {
    this.#options = options;
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    if (this.#isClosing) {
      throw new StoppedError();
    }
    this.#active++;
    try {
      yield* this.#draw(work, signal);
    } finally {
      this.#active--;
      if (this.#active === 0) {
        this.#idle.splice(0).forEach((wake) => wake());
      }
    }
  }

  health(): readonly RunnerHealth[] {
    return [
      {
        device: this.#options.device ?? 'stub',
        state: this.#isClosing ? 'stopped' : 'ready',
        active: this.#active,
        lastHeartbeatAtMs: undefined,
      },
    ];
  }

  async close(limitMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#active > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#idle.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.#isStopped = true;
  }

  async *#learn(work: Extract<Work, { kind: 'train' }>, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    const { request } = work;
    const { stepMs = 0 } = this.#options;
    const steps = (request.steps ?? 4) + (request.rounds - 1) * 2;
    this.#stopIfAsked(signal);
    yield { kind: 'started' };
    for (let step = 1; step <= steps; step++) {
      await this.#options.beforeStep?.(work, 0, step);
      await (stepMs === 0 ? turn() : sleep(stepMs));
      this.#stopIfAsked(signal);
      yield { kind: 'learning', step, steps, secondsLeft: steps - step, deviceMs: 100 * step };
    }
    const lora = stubLora(request.title, steps);
    yield { kind: 'learnt', step: steps, steps, rank: 8, deviceMs: 100 * steps, lora };
  }

  async *#draw(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    if (work.kind === 'train') {
      yield* this.#learn(work, signal);
      return;
    }
    const { stepMs = 0 } = this.#options;
    const plan = planOf(work, this.#options.sizePx);
    this.#stopIfAsked(signal);
    if (contains(plan.text, this.#options.refusePrompt)) {
      throw new UserError(
        'request.refused',
        'Expected a prompt that can be drawn; this one is refused. Ask for another.',
        {
          params: { prompt: plan.text },
        },
      );
    }
    yield { kind: 'started' };
    if (contains(plan.text, this.#options.preparingPrompt)) {
      yield { kind: 'preparing' };
    }
    if (contains(plan.text, this.#options.noticePrompt)) {
      yield { kind: 'notice', code: 'prompt.cut', sentence: 'The prompt was cut.', params: { kept: 75 } };
    }
    for (let index = 0; index < plan.count; index++) {
      const startedAt = performance.now();
      for (let step = 1; step <= plan.steps; step++) {
        await this.#options.beforeStep?.(work, index, step);
        await (stepMs === 0 ? turn() : sleep(stepMs));
        this.#stopIfAsked(signal);
        if (step === 1 && contains(plan.text, this.#options.failPrompt)) {
          throw new Error(`the stub fails on ${plan.text}`);
        }
        yield { kind: 'step', index, step, steps: plan.steps };
        if (plan.previewAfter.includes(step)) {
          const picture = stubPicture(plan.seed + index, `${plan.text} ${step}`, 8, 8);
          yield { kind: 'preview', index, step, steps: plan.steps, picture };
        }
      }
      const total = performance.now() - startedAt;
      const seed = plan.seed + index;
      const picture = stubPicture(seed, plan.text, plan.width, plan.height);
      yield { kind: 'picture', index, seed, picture, ms: { text: 0, denoise: total, decode: 0, total } };
    }
  }

  #stopIfAsked(signal: AbortSignal): void {
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (this.#isStopped) {
      throw new StoppedError();
    }
  }
}

type Plan = {
  readonly text: string;
  readonly seed: number;
  readonly count: number;
  readonly steps: number;
  readonly width: number;
  readonly height: number;
  readonly previewAfter: readonly number[];
};

function planOf(work: Exclude<Work, { kind: 'train' }>, sizePx: number | undefined): Plan {
  switch (work.kind) {
    case 'imagine': {
      const { prompt, seed, count, steps, width, height } = work.request;
      return {
        text: prompt,
        seed,
        count,
        steps,
        width: sizePx ?? width,
        height: sizePx ?? height,
        previewAfter: work.previewAfter,
      };
    }
    case 'upscale': {
      const side = sizePx ?? 128 * work.request.scale;
      return { text: work.request.file, seed: 0, count: 1, steps: 1, width: side, height: side, previewAfter: [] };
    }
    default:
      return work satisfies never;
  }
}

function contains(text: string, part: string | undefined): boolean {
  return part !== undefined && text.includes(part);
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    state = Math.imul(state ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return state;
}
