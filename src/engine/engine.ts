/**
 * The loop: schedule, run, advance, collect. Pictures of all generations take part step by step; they join and leave
 * between UNet calls.
 *
 * It owns the device: nothing else may run a UNet while it does. Cancelling a generation takes effect before the next
 * call. Knows no prompts, files or sessions; modelled on nano-vllm's engine.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../core/errors.ts';
import { Delivery } from './delivery.ts';
import type { Generation, Member } from './generation.ts';
import { LiveShare } from './live-share.ts';
import type { Conditioning, UNetRow } from './model/denoiser.ts';
import { notNumbers } from './model/numbers.ts';
import { combineGuidance } from './sampling/index.ts';
import { nextBatch, type Row, type SchedulerPolicy } from './scheduler.ts';

export class Engine {
  readonly #policy: SchedulerPolicy;
  /** Rows a call by group, where the device had no room for more. */
  readonly #fewerRows = new Map<string, number>();
  readonly #now: () => number;
  readonly #generations = new Map<number, Generation>();
  readonly #live = new LiveShare();
  readonly #delivery: Delivery;
  #calls = 0;
  #rows = 0;
  #maxRows: number;
  #isRunning = false;

  /** `now`: milliseconds, for the times that events report. */
  constructor(policy: SchedulerPolicy, now: () => number = () => performance.now()) {
    this.#policy = policy;
    this.#maxRows = policy.maxRows;
    this.#now = now;
    this.#delivery = new Delivery({
      maxDecodes: policy.maxDecodes ?? 1,
      now,
      took: (members, ms) => this.#chargeLive(members, ms),
      done: (generation) => this.remove(generation),
      failed: (generation, error) => this.#fail(generation, error),
    });
  }

  get active(): number {
    return this.#generations.size;
  }

  /** UNet calls so far, the rows they held, and how many the last one could have held. */
  get batches(): { readonly calls: number; readonly rows: number; readonly maxRows: number } {
    return { calls: this.#calls, rows: this.#rows, maxRows: this.#maxRows };
  }

  /** Takes part from the next step on, until its pictures are delivered, it is removed, or it fails. */
  add(generation: Generation): void {
    this.#generations.set(generation.number, generation);
    void this.#runLoop();
  }

  /** Takes no part in any later call. Harmless when the generation is gone already. */
  remove(generation: Generation): void {
    this.#generations.delete(generation.number);
  }

  /** One UNet call and what follows from it. */
  async step(): Promise<void> {
    const batch = this.#schedule();
    const outputs = await this.#run(batch);
    this.#advance(batch, outputs);
    await this.#collect();
  }

  /** One loop at a time, alive while there is work. What it throws is a bug: it ends every generation and no process. */
  async #runLoop(): Promise<void> {
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    try {
      while (this.#generations.size > 0) {
        // Device calls block the event loop, so between two of them everyone else gets a turn.
        await nextTurn();
        await this.step();
      }
    } catch (error) {
      [...this.#generations.values()].forEach((generation) => this.#fail(generation, error));
    } finally {
      this.#isRunning = false;
    }
  }

  #schedule(): readonly Member[] {
    const members = this.#members();
    const rows = members.map(({ generation, picture }, id): Row => ({
      id,
      request: generation.number,
      group: generation.group,
      passes: passesOf(generation),
      stepsLeft: picture.task.stepsLeft,
      mostRows: this.#roomFor(generation),
      isLive: generation.isLive,
      lastCall: generation.lastCall,
    }));
    return nextBatch(rows, this.#policy, this.#live.isEarned).flatMap(({ id }) => members[id] ?? []);
  }

  /** The UNet's answers, all rows one after another; undefined when there was nobody or the call failed. */
  async #run(batch: readonly Member[]): Promise<Float32Array | undefined> {
    const [leader] = batch;
    if (leader === undefined) {
      return undefined;
    }
    const startedAt = this.#now();
    this.#maxRows = this.#roomFor(leader.generation);
    try {
      const { model, size } = leader.generation;
      const outputs = await model.predict(batch.flatMap(rowsOf), size, this.#maxRows);
      this.#charge(batch, this.#now() - startedAt);
      return outputs;
    } catch (error) {
      if (!this.#takesLess(batch, error)) {
        batch.forEach(({ generation }) => this.#fail(generation, error));
      }
      return undefined;
    }
  }

  #roomFor({ group, mostRows = this.#policy.maxRows }: Generation): number {
    return Math.min(mostRows, this.#fewerRows.get(group) ?? mostRows);
  }

  /** A call that had no room is made again with half its rows, as every later one of its kind; false where it was of one picture. */
  #takesLess(batch: readonly Member[], error: unknown): boolean {
    const [leader] = batch;
    if (!(error instanceof UserError && error.code === 'device.memory') || leader === undefined || batch.length === 1) {
      return false;
    }
    const rows = batch.reduce((total, { generation }) => total + passesOf(generation), 0);
    this.#fewerRows.set(leader.generation.group, Math.floor(rows / 2));
    return true;
  }

  /** Each picture pays for its rows. */
  #charge(batch: readonly Member[], callMs: number): void {
    const passes = batch.reduce((total, { generation }) => total + passesOf(generation), 0);
    for (const { generation, picture } of batch) {
      picture.denoiseMs += (callMs * passesOf(generation)) / passes;
      generation.lastCall = this.#calls;
    }
    this.#calls += 1;
    this.#rows += passes;
    this.#chargeLive(batch, callMs);
  }

  #chargeLive(members: readonly Member[], tookMs: number): void {
    const isAlone = [...this.#generations.values()].every(({ isLive }) => isLive);
    const taken = members.map(({ generation }) => ({ isLive: generation.isLive, passes: passesOf(generation) }));
    this.#live.charge(taken, tookMs, isAlone);
  }

  #advance(batch: readonly Member[], outputs: Float32Array | undefined): void {
    if (outputs === undefined) {
      return;
    }
    let at = 0;
    for (const { generation, picture } of batch) {
      const { task } = picture;
      const length = task.latents.length;
      const output = outputs.subarray(at, at + length);
      at += length;
      if (generation.negative !== undefined) {
        combineGuidance(output, outputs.subarray(at, at + length), generation.guidance, output);
        at += length;
      }
      task.advance(output);
      if (!task.isFinite) {
        this.#fail(generation, notNumbers());
        continue;
      }
      generation.events.push({ kind: 'step', index: picture.index, step: task.stepsDone, steps: task.steps });
      if (generation.previewAfter.has(task.stepsDone) && task.stepsLeft > 0) {
        picture.previewDue = task.stepsDone;
      }
    }
  }

  #collect(): Promise<void> {
    return this.#delivery.collect(this.#members(), this.#policy.maxRows);
  }

  #fail(generation: Generation, error: unknown): void {
    this.remove(generation);
    generation.events.fail(error);
  }

  #members(): readonly Member[] {
    return [...this.#generations.values()].flatMap((generation) =>
      generation.pictures.map((picture) => ({ generation, picture })),
    );
  }
}

/** The prompt's row, then the negative prompt's where it counts. */
function rowsOf({ generation, picture: { task } }: Member): readonly UNetRow[] {
  const { positive, negative, guidance, styles } = generation;
  const row = (conditioning: Conditioning): UNetRow => ({
    timestep: task.timestep,
    writeInput: (target) => task.writeInput(target),
    conditioning,
    guidance,
    styles,
  });
  return negative === undefined ? [row(positive)] : [row(positive), row(negative)];
}

function passesOf({ negative }: Generation): number {
  return negative === undefined ? 1 : 2;
}
