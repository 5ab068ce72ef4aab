/**
 * The loop's inside: rows in, one update of all that learns. Owns the session of a training step, the parameters and the
 * optimiser's state; a batch larger than a call is several calls whose gradients add up. Knows no data and no recipe.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Graph } from '../engine/onnx/index.ts';
import { gradientName } from '../engine/onnx/gradients/index.ts';
import { writeSinusoid, type Sinusoid } from '../engine/nets/index.ts';
import type { Device, FloatTensor, IdTensor } from '../engine/ort/index.ts';
import { AdamW, clipScale, gradientNorm, type AdamWOptions } from './adamw.ts';
import { beginning, type Learnt } from './learnt.ts';
import { MovingAverage } from './moving-average.ts';
import { streamOf } from './random.ts';
import { LossScale } from './loss-scale.ts';
import { PieceSessions } from './piece-sessions.ts';
import type { StepGraph } from './step-graph.ts';

/** What one row feeds: by the input's name, its part of that input. */
export type TrainingRow = Readonly<Record<string, Float32Array | BigInt64Array>>;

export type TrainerOptions = AdamWOptions & {
  readonly step: StepGraph;
  /** How the step runs (step-plan.ts); default: in one call. */
  readonly pieces?: readonly Graph[];
  readonly seed: number;
  readonly maxGradientNorm: number;
  /** Of the average that becomes the result. */
  readonly averageDecay: number;
  /** What parameters begin with instead of what is usual, by name. */
  readonly beginnings?: ReadonlyMap<string, Float32Array> | undefined;
  /** A parameter's share of the rate; default: the whole. */
  readonly shareOf?: (name: string) => number;
  readonly startup: 'fast' | 'throughput';
  readonly threads?: number;
  /** Default: the processor. */
  readonly device?: Device;
  /** Of what rows feed as numbers, by name: for a step that takes their sinusoids instead. */
  readonly sinusoids?: Readonly<Record<string, Sinusoid>>;
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
  /** `undefined` where the loss counts as it is. */
  readonly lossScale: LossScale | undefined;
  readonly #session: PieceSessions;
  readonly #feeds: Readonly<Record<string, FloatTensor | IdTensor>>;
  readonly #rows: number;
  readonly #maxGradientNorm: number;
  readonly #shareOf: (name: string) => number;
  readonly #sinusoids: Readonly<Record<string, Sinusoid>>;
  readonly #sums = new Map<string, Float32Array>();

  static async open(options: TrainerOptions): Promise<Trainer> {
    const { step, pieces = [step.graph], startup, threads, device = { kind: 'cpu' } } = options;
    return new Trainer(await PieceSessions.open(pieces, { device, startup, threads }), options);
  }

  private constructor(session: PieceSessions, options: TrainerOptions) {
    const { step, seed, maxGradientNorm, averageDecay, beginnings, shareOf = () => 1, ...adamW } = options;
    this.#session = session;
    this.#maxGradientNorm = maxGradientNorm;
    this.#shareOf = shareOf;
    this.#sinusoids = options.sinusoids ?? {};
    this.optimiser = new AdamW(adamW);
    this.average = new MovingAverage(averageDecay);
    this.lossScale = step.scalesLoss ? new LossScale() : undefined;
    const learnt = new Set(step.learnt);
    this.parameters = step.graph.inputs
      .filter(({ name }) => learnt.has(name))
      .map(({ name, shape }) => beginning(name, shape.map(Number), (of) => streamOf(seed, of, 0)));
    this.parameters.forEach(({ name, values }) => values.set(beginnings?.get(name) ?? []));
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
    const factor = this.lossScale?.factor ?? 1;
    let loss = 0;
    for (let call = 0; call < calls; call++) {
      const results = await this.#call(batch.slice(call * this.#rows, (call + 1) * this.#rows), factor, between);
      loss += (results['loss']?.data[0] ?? Number.NaN) / (calls * factor);
      this.#add(results, call === 0);
    }
    const norm = gradientNorm(this.#sums.values()) / (calls * factor);
    const scale = clipScale(norm, this.#maxGradientNorm) / (calls * factor);
    if (Number.isFinite(norm)) {
      for (const { name, values } of this.parameters) {
        this.optimiser.update(name, values, this.#sums.get(name)!, { step, rate: rate * this.#shareOf(name), scale });
        this.average.update(name, values, step);
      }
    }
    this.lossScale?.seen(Number.isFinite(norm));
    return { loss, gradientNorm: norm };
  }

  /** What came of it so far: the average of the parameters. */
  averaged(): readonly Learnt[] {
    return this.parameters.map(({ name, shape, values }) => ({ name, shape, values: this.average.of(name, values) }));
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  async #call(
    rows: readonly TrainingRow[],
    factor: number,
    between: () => Promise<void>,
  ): Promise<Readonly<Record<string, FloatTensor>>> {
    for (const [k, row] of rows.entries()) {
      for (const [name, part] of Object.entries(row).map(([given, values]) => this.#asTaken(given, values))) {
        const feed = this.#feeds[name];
        if (feed === undefined || feed.data.length !== part.length * this.#rows) {
          throw new Error(`Expected an input ${name} of ${this.#rows} × ${part.length} numbers.`);
        }
        fill(feed.data, part, k * part.length);
      }
    }
    // Loss and gradients are as many times as large.
    const weights = this.#feeds['weight']?.data;
    if (factor !== 1 && weights instanceof Float32Array) {
      weights.set(weights.map((weight) => factor * weight));
    }
    return this.#session.run(this.#feeds, between);
  }

  /** Sinusoids of numbers, where the step takes those. */
  #asTaken(name: string, values: TrainingRow[string]): readonly [string, TrainingRow[string]] {
    const sinusoid = this.#sinusoids[name];
    if (sinusoid === undefined || this.#feeds[name] !== undefined || values instanceof BigInt64Array) {
      return [name, values];
    }
    const { features } = sinusoid;
    const waves = new Float32Array(values.length * features);
    values.forEach((t, k) => writeSinusoid(t, sinusoid, waves.subarray(k * features, (k + 1) * features)));
    return [`${name}_sinusoid`, waves];
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

function fill(into: Float32Array | BigInt64Array, part: Float32Array | BigInt64Array, at: number): void {
  if (into instanceof Float32Array && part instanceof Float32Array) {
    into.set(part, at);
  } else if (into instanceof BigInt64Array && part instanceof BigInt64Array) {
    into.set(part, at);
  } else {
    throw new TypeError('Expected numbers of the type that the step takes.');
  }
}

/** Room for everything that is fed; gates are open. */
function feedsOf({ inputs }: Graph, learnt: ReadonlySet<string>): Readonly<Record<string, FloatTensor | IdTensor>> {
  return Object.fromEntries(
    inputs
      .filter(({ name }) => !learnt.has(name))
      .map(({ name, dtype, shape }) => {
        const sides = shape.map(Number);
        const count = sides.reduce((product, side) => product * side, 1);
        if (dtype === 'i64') {
          return [name, { data: new BigInt64Array(count), shape: sides }];
        }
        const data = new Float32Array(count);
        return [name, { data: name.endsWith('.lora_gate') ? data.fill(1) : data, shape: sides }];
      }),
  );
}

function asTensor({ name, shape, values }: Learnt): readonly [string, FloatTensor] {
  return [name, { data: values, shape }];
}
