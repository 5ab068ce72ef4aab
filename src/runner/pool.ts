/**
 * Several devices as one `Runner`. Work goes to the least loaded device that is up, with a preference for one that has
 * the work's model open already: opening a model costs seconds, waiting behind one more picture costs less. Knows
 * nothing of how a device draws or where it is.
 */
import { CancelledError, StoppedError, UserError } from '../core/errors.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';
import { keyOf } from './event-channel.ts';

export type PoolMember = {
  readonly runner: Runner;
  /** Works that it can draw at once; loads are compared in its shares. */
  readonly slots: number;
};

type Member = PoolMember & {
  active: number;
  /** The newest last. */
  models: readonly string[];
};

/** Models that a device is taken to keep open. */
const MODELS_KEPT = 2;
/** How much fuller, as a share of its slots, a device with the model open may be before another one opens it too. */
const MODEL_WORTH = 0.5;

export class RunnerPool implements Runner {
  readonly #members: readonly Member[];

  constructor(members: readonly PoolMember[]) {
    if (members.length === 0) {
      throw new RangeError('expected at least one runner in the pool, got none');
    }
    this.#members = members.map((member) => ({ ...member, active: 0, models: [] }));
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    const tried = new Set<Member>();
    const passed = new Set<string>();
    for (;;) {
      const member = this.#choose(work, tried);
      member.active++;
      try {
        for await (const event of member.runner.run(work, signal)) {
          const key = keyOf(event);
          if (!passed.has(key)) {
            passed.add(key);
            yield event;
          }
        }
        return;
      } catch (error) {
        tried.add(member);
        const isOver = isAnswer(error) || (passed.size > 0 && !isOfDevice(error));
        if (isOver || tried.size === this.#members.length) {
          throw error;
        }
        // The device could not even begin, or has no room for it: another one may draw it, from its beginning.
      } finally {
        member.active--;
      }
    }
  }

  health(): readonly RunnerHealth[] {
    return this.#members.flatMap(({ runner }) => runner.health());
  }

  async close(limitMs: number): Promise<void> {
    await Promise.all(this.#members.map(({ runner }) => runner.close(limitMs)));
  }

  #choose(work: Work, tried: ReadonlySet<Member>): Member {
    const model = work.request.model;
    const open = this.#members.filter((member) => !tried.has(member));
    const up = open.filter(({ runner }) => runner.health().some(({ state }) => state === 'ready'));
    const load = (member: Member) => member.active / member.slots - (member.models.includes(model) ? MODEL_WORTH : 0);
    const [first, ...others] = up.length > 0 ? up : open;
    if (first === undefined) {
      throw new Error('expected a runner that has not been tried yet, got none');
    }
    const chosen = others.reduce((best, member) => (load(member) < load(best) ? member : best), first);
    chosen.models = [...chosen.models.filter((known) => known !== model), model].slice(-MODELS_KEPT);
    return chosen;
  }
}

/** Errors that another device would give too, or that are no fault at all. */
function isAnswer(error: unknown): boolean {
  const isTold = error instanceof UserError || error instanceof CancelledError || error instanceof StoppedError;
  return isTold && !isOfDevice(error);
}

/** Of one device: it is too small, gone, broken or lacks instructions. */
const OF_A_DEVICE: ReadonlySet<string> = new Set([
  'device.memory',
  'device.lost',
  'device.failed',
  'device.missing',
  'device.eight-bits',
]);

function isOfDevice(error: unknown): boolean {
  return error instanceof UserError && OF_A_DEVICE.has(error.code);
}
