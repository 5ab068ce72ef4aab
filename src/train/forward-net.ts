/**
 * A UNet that only predicts while another learns: the teacher, or a slow copy of the student with matrices of its own.
 * Rows of any number, some at a time.
 */
import { bindLengths, serialize, type Lengths } from '../engine/onnx/index.ts';
import { buildUNet, type Layer } from '../engine/nets/index.ts';
import { Session, type Feeds, type FloatTensor } from '../engine/ort/index.ts';
import type { BaseModel } from './base-model.ts';
import type { Learnt } from './learnt.ts';
import { atSize } from './step-graph.ts';

/** What one row feeds, by the input's name. */
export type ForwardRow = Readonly<Record<string, Float32Array>>;

export type ForwardNetOptions = {
  readonly base: BaseModel;
  /** Layers that take matrices; none for the base itself. */
  readonly targets: readonly Layer[];
  readonly lengths: Lengths;
  readonly startup: 'fast' | 'throughput';
  readonly threads?: number;
};

export class ForwardNet {
  readonly #session: Session;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #rows: number;

  static async open({ base, targets, lengths, startup, threads }: ForwardNetOptions): Promise<ForwardNet> {
    const { unet, lowering } = base;
    const beside = new Set(targets.map(({ module }) => module));
    const styles = { rows: 'shared', beside } as const;
    const net = buildUNet(atSize(unet.config, lengths), unet.weights, { lowering, sizes: 'whole', styles });
    const graph = bindLengths(net, lengths);
    const session = await Session.create(serialize(graph), { startup, ...(threads !== undefined && { threads }) });
    return new ForwardNet(session, new Map(graph.inputs.map(({ name, shape }) => [name, shape.map(Number)])));
  }

  private constructor(session: Session, shapes: ReadonlyMap<string, readonly number[]>) {
    this.#session = session;
    this.#shapes = shapes;
    this.#rows = shapes.get('sample')?.[0] ?? 1;
  }

  /** A prediction for each row; the number of rows is a multiple of a call's. `between` is awaited before every call. */
  async predict(
    rows: readonly ForwardRow[],
    matrices: readonly Learnt[],
    between: () => Promise<void>,
  ): Promise<readonly Float32Array[]> {
    const fixed: Record<string, FloatTensor> = Object.fromEntries(
      matrices.map(({ name, shape, values }) => [name, { data: values, shape }]),
    );
    for (const [name, shape] of this.#shapes) {
      if (name.endsWith('.lora_gate')) {
        fixed[name] = { data: new Float32Array(shape.reduce((product, side) => product * side, 1)).fill(1), shape };
      }
    }
    const predictions: Float32Array[] = [];
    for (let first = 0; first < rows.length; first += this.#rows) {
      await between();
      const part = rows.slice(first, first + this.#rows);
      const { out_sample: output } = await this.#session.run({ ...fixed, ...this.#gathered(part) });
      if (output === undefined) {
        throw new Error('the UNet gave no out_sample');
      }
      const length = output.data.length / part.length;
      predictions.push(...part.map((_, k) => output.data.subarray(k * length, (k + 1) * length)));
    }
    return predictions;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  #gathered(rows: readonly ForwardRow[]): Feeds {
    return Object.fromEntries(
      Object.entries(rows[0] ?? {}).map(([name, one]) => {
        const shape = this.#shapes.get(name);
        const data = new Float32Array(one.length * this.#rows);
        rows.forEach((row, k) => data.set(row[name] ?? [], k * one.length));
        if (shape === undefined || shape.reduce((product, side) => product * side, 1) !== data.length) {
          throw new Error(`Expected an input ${name} of ${this.#rows} × ${one.length} numbers.`);
        }
        return [name, { data, shape }];
      }),
    );
  }
}
