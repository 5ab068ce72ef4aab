/**
 * The loop's inside: rows in, one update of all that learns. Owns the session of a training step, the parameters and the
 * optimiser's state; a batch larger than a call is several calls whose gradients add up. Knows no data and no recipe.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { serialize, type Graph } from '../engine/onnx/index.ts';
import { gradientName } from '../engine/onnx/gradients/index.ts';
import { Session, type Feeds, type FloatTensor } from '../engine/ort/index.ts';
import { AdamW, clipScale, gradientNorm, type AdamWOptions } from './adamw.ts';
import { beginning, type Learnt } from './learnt.ts';
import { MovingAverage } from './moving-average.ts';
import { streamOf } from './random.ts';
import type { StepGraph } from './step-graph.ts';

/** What one row feeds: by the input's name, its part of that input. */
export type TrainingRow = Readonly<Record<string, Float32Array>>;

export type TrainerOptions = AdamWOptions & {
  readonly step: StepGraph;
  readonly seed: number;
  readonly maxGradientNorm: number;
  /** Of the average that becomes the result. */
  readonly averageDecay: number;
  readonly startup: 'fast' | 'throughput';
  readonly threads?: number;
};

export type StepResult = {
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
};

export class Trainer {
  readonly parameters: readonly Learnt[];
  readonly average: MovingAverage;
  readonly optimiser: AdamW;
  readonly #session: Session;
  readonly #feeds: Readonly<Record<string, FloatTensor>>;
  readonly #rows: number;
  readonly #maxGradientNorm: number;
  readonly #sums = new Map<string, Float32Array>();

  static async open(options: TrainerOptions): Promise<Trainer> {
    const { step, startup, threads } = options;
    const session = await Session.create(serialize(step.graph), { startup, ...(threads !== undefined && { threads }) });
    return new Trainer(session, options);
  }

  private constructor(session: Session, { step, seed, maxGradientNorm, averageDecay, ...adamW }: TrainerOptions) {
    this.#session = session;
    this.#maxGradientNorm = maxGradientNorm;
    this.optimiser = new AdamW(adamW);
    this.average = new MovingAverage(averageDecay);
    const learnt = new Set(step.learnt);
    this.parameters = step.graph.inputs
      .filter(({ name }) => learnt.has(name))
      .map(({ name, shape }) => beginning(name, shape.map(Number), (of) => streamOf(seed, of, 0)));
    this.#feeds = { ...feedsOf(step.graph, learnt), ...Object.fromEntries(this.parameters.map(asTensor)) };
    this.#rows = this.#feeds['sample']?.shape[0] ?? 1;
  }

  /** Rows of one call; a batch is a multiple of it. */
  get rowsPerCall(): number {
    return this.#rows;
  }

  /**
   * One update from a batch; `step` counts from 1. `between` is awaited before every call: others get the device there,
   * and what it throws leaves everything as it was.
   */
  async update(
    batch: readonly TrainingRow[],
    { step, rate }: { readonly step: number; readonly rate: number },
    between: () => Promise<void> = () => Promise.resolve(),
  ): Promise<StepResult> {
    const calls = batch.length / this.#rows;
    if (!Number.isInteger(calls) || calls < 1) {
      throw new RangeError(`Expected a multiple of ${this.#rows} rows, got ${batch.length}.`);
    }
    let loss = 0;
    for (let call = 0; call < calls; call++) {
      await between();
      const results = await this.#call(batch.slice(call * this.#rows, (call + 1) * this.#rows));
      loss += (results['loss']?.data[0] ?? Number.NaN) / calls;
      this.#add(results, call === 0);
    }
    const norm = gradientNorm(this.#sums.values()) / calls;
    const scale = clipScale(norm, this.#maxGradientNorm) / calls;
    if (Number.isFinite(norm)) {
      for (const { name, values } of this.parameters) {
        this.optimiser.update(name, values, this.#sums.get(name)!, { step, rate, scale });
        this.average.update(name, values, step);
      }
    }
    return { loss, gradientNorm: norm };
  }

  /** What came of it so far: the average of the parameters. */
  averaged(): readonly Learnt[] {
    return this.parameters.map(({ name, shape, values }) => ({ name, shape, values: this.average.of(name, values) }));
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async #call(rows: readonly TrainingRow[]): Promise<Readonly<Record<string, FloatTensor>>> {
    for (const [k, row] of rows.entries()) {
      for (const [name, part] of Object.entries(row)) {
        const feed = this.#feeds[name];
        if (feed === undefined || feed.data.length !== part.length * this.#rows) {
          throw new Error(`Expected an input ${name} of ${this.#rows} × ${part.length} numbers.`);
        }
        feed.data.set(part, k * part.length);
      }
    }
    const feeds: Feeds = this.#feeds;
    return this.#session.run(feeds);
  }

  #add(results: Readonly<Record<string, FloatTensor>>, isFirst: boolean): void {
    for (const { name } of this.parameters) {
      const gradient = results[gradientName(name)]?.data;
      if (gradient === undefined) {
        throw new Error(`The training step gave no gradient by ${name}.`);
      }
      const sum = this.#sums.get(name);
      if (isFirst || sum === undefined) {
        this.#sums.set(name, gradient);
      } else {
        for (let i = 0; i < sum.length; i++) {
          sum[i] = sum[i]! + gradient[i]!;
        }
      }
    }
  }
}

/** Room for everything that is fed; gates are open. */
function feedsOf({ inputs }: Graph, learnt: ReadonlySet<string>): Record<string, FloatTensor> {
  return Object.fromEntries(
    inputs
      .filter(({ name }) => !learnt.has(name))
      .map(({ name, shape }) => {
        const sides = shape.map(Number);
        const data = new Float32Array(sides.reduce((product, side) => product * side, 1));
        return [name, { data: name.endsWith('.lora_gate') ? data.fill(1) : data, shape: sides }];
      }),
  );
}

function asTensor({ name, shape, values }: Learnt): readonly [string, FloatTensor] {
  return [name, { data: values, shape }];
}
