/**
 * The loop: schedule, run, advance, collect. Pictures of all drawings take part step by step; they join and leave
 * between UNet calls.
 *
 * It owns the device: nothing else may run a UNet while it does. Cancelling a drawing takes effect before the next
 * call. Knows no prompts, files or sessions; modelled on nano-vllm's engine.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Conditioning, Drawing, PictureInProgress, UNetRow } from './drawing.ts';
import { notNumbers } from './numbers.ts';
import { combineGuidance } from './sampling/index.ts';
import { nextBatch, type Row, type SchedulerPolicy } from './scheduler.ts';

/** A picture that takes part in a call. */
type Member = { readonly drawing: Drawing; readonly picture: PictureInProgress };

export class Engine {
  readonly #policy: SchedulerPolicy;
  readonly #now: () => number;
  readonly #drawings = new Map<number, Drawing>();
  #calls = 0;
  #isRunning = false;

  /** `now`: milliseconds, for the times that events report. */
  constructor(policy: SchedulerPolicy, now: () => number = () => performance.now()) {
    this.#policy = policy;
    this.#now = now;
  }

  get active(): number {
    return this.#drawings.size;
  }

  /** Takes part from the next step on, until its pictures are delivered, it is removed, or it fails. */
  add(drawing: Drawing): void {
    this.#drawings.set(drawing.number, drawing);
    void this.#runLoop();
  }

  /** Takes no part in any later call. Harmless when the drawing is gone already. */
  remove(drawing: Drawing): void {
    this.#drawings.delete(drawing.number);
  }

  /** One UNet call and what follows from it. */
  async step(): Promise<void> {
    const batch = this.#schedule();
    const outputs = await this.#run(batch);
    this.#advance(batch, outputs);
    await this.#collect();
  }

  /** One loop at a time, alive while there is work. What it throws is a bug: it ends every drawing and no process. */
  async #runLoop(): Promise<void> {
    if (this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    try {
      while (this.#drawings.size > 0) {
        // Device calls block the event loop, so between two of them everyone else gets a turn.
        await nextTurn();
        await this.step();
      }
    } catch (error) {
      [...this.#drawings.values()].forEach((drawing) => this.#fail(drawing, error));
    } finally {
      this.#isRunning = false;
    }
  }

  #schedule(): readonly Member[] {
    const members = this.#members();
    const rows = members.map(({ drawing, picture }, id): Row => ({
      id,
      request: drawing.number,
      group: drawing.group,
      passes: passesOf(drawing),
      stepsLeft: picture.task.stepsLeft,
      lastCall: drawing.lastCall,
    }));
    return nextBatch(rows, this.#policy).flatMap(({ id }) => members[id] ?? []);
  }

  /** The UNet's answers, all rows one after another; undefined when there was nobody or the call failed. */
  async #run(batch: readonly Member[]): Promise<Float32Array | undefined> {
    const [leader] = batch;
    if (leader === undefined) {
      return undefined;
    }
    const startedAt = this.#now();
    try {
      const outputs = await leader.drawing.model.predict(batch.flatMap(rowsOf), leader.drawing.size);
      this.#charge(batch, this.#now() - startedAt);
      return outputs;
    } catch (error) {
      batch.forEach(({ drawing }) => this.#fail(drawing, error));
      return undefined;
    }
  }

  /** Each picture pays for its rows. */
  #charge(batch: readonly Member[], callMs: number): void {
    const passes = batch.reduce((total, { drawing }) => total + passesOf(drawing), 0);
    for (const { drawing, picture } of batch) {
      picture.denoiseMs += (callMs * passesOf(drawing)) / passes;
      drawing.lastCall = this.#calls;
    }
    this.#calls += 1;
  }

  #advance(batch: readonly Member[], outputs: Float32Array | undefined): void {
    if (outputs === undefined) {
      return;
    }
    let at = 0;
    for (const { drawing, picture } of batch) {
      const { task } = picture;
      const length = task.latents.length;
      const output = outputs.subarray(at, at + length);
      at += length;
      if (drawing.negative !== undefined) {
        combineGuidance(output, outputs.subarray(at, at + length), drawing.guidance, output);
        at += length;
      }
      task.advance(output);
      if (!task.isFinite) {
        this.#fail(drawing, notNumbers());
        continue;
      }
      drawing.events.push({ kind: 'step', index: picture.index, step: task.stepsDone, steps: task.steps });
      if (drawing.previewAfter.has(task.stepsDone) && task.stepsLeft > 0) {
        picture.previewDue = task.stepsDone;
      }
    }
  }

  /**
   * Delivers finished pictures and previews: one of each between two calls, so that nobody waits long for the next
   * call, and more only where more than a call's rows have piled up.
   */
  async #collect(): Promise<void> {
    const finished = this.#members().filter(({ picture }) => picture.task.stepsLeft === 0 && !picture.isDelivered);
    for (const member of finished.slice(0, Math.max(1, finished.length - this.#policy.maxRows))) {
      await this.#deliver(member);
    }
    const wanted = this.#members().find(({ picture }) => picture.previewDue !== undefined);
    if (wanted !== undefined) {
      await this.#preview(wanted);
    }
  }

  async #deliver({ drawing, picture }: Member): Promise<void> {
    const startedAt = this.#now();
    try {
      const pixels = await drawing.model.decode(picture.task.latents, drawing.size);
      const { index, seed, textMs: text, denoiseMs: denoise } = picture;
      const decode = this.#now() - startedAt;
      drawing.events.push({
        kind: 'picture',
        index,
        seed,
        picture: pixels,
        ms: { text, denoise, decode, total: text + denoise + decode },
      });
      picture.isDelivered = true;
    } catch (error) {
      this.#fail(drawing, error);
    }
    if (drawing.pictures.every(({ isDelivered }) => isDelivered)) {
      this.remove(drawing);
      drawing.events.end();
    }
  }

  async #preview({ drawing, picture }: Member): Promise<void> {
    const step = picture.previewDue;
    const { guess, steps } = picture.task;
    picture.previewDue = undefined;
    if (step === undefined || guess === undefined) {
      return;
    }
    try {
      const pixels = await drawing.model.preview(guess, drawing.size);
      drawing.events.push({ kind: 'preview', index: picture.index, step, steps, picture: pixels });
    } catch (error) {
      this.#fail(drawing, error);
    }
  }

  #fail(drawing: Drawing, error: unknown): void {
    this.remove(drawing);
    drawing.events.fail(error);
  }

  #members(): readonly Member[] {
    return [...this.#drawings.values()].flatMap((drawing) => drawing.pictures.map((picture) => ({ drawing, picture })));
  }
}

/** The prompt's row, then the negative prompt's where it counts. */
function rowsOf({ drawing, picture: { task } }: Member): readonly UNetRow[] {
  const { positive, negative, guidance, styles } = drawing;
  const row = (conditioning: Conditioning): UNetRow => ({
    timestep: task.timestep,
    writeInput: (target) => task.writeInput(target),
    conditioning,
    guidance,
    styles,
  });
  return negative === undefined ? [row(positive)] : [row(positive), row(negative)];
}

function passesOf({ negative }: Drawing): number {
  return negative === undefined ? 1 : 2;
}
