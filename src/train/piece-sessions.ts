/**
 * A step in pieces, each in a session of its own: runs one after another, and hands on what later ones read. What passes
 * lies in memory that is taken again, by the next piece and the next step: left to the garbage collector it would pile up.
 */
import { serialize, type Graph } from '../engine/onnx/index.ts';
import { Session, type Device, type Feeds, type FloatTensor } from '../engine/ort/index.ts';

type Piece = {
  readonly session: Session;
  readonly reads: readonly string[];
  /** What nobody reads after it. */
  readonly lastReads: readonly string[];
  /** What it makes for later ones: sides by name. */
  readonly passes: ReadonlyMap<string, readonly number[]>;
};

export class PieceSessions {
  readonly #pieces: readonly Piece[];
  readonly #outputs: ReadonlySet<string>;
  /** Not in use, by length. */
  readonly #spare = new Map<number, Float32Array<ArrayBuffer>[]>();

  static async open(
    graphs: readonly Graph[],
    {
      device,
      startup,
      threads,
    }: {
      readonly device: Device;
      readonly startup: 'fast' | 'throughput';
      readonly threads: number | undefined;
    },
  ): Promise<PieceSessions> {
    const lastReader = new Map(graphs.flatMap(({ inputs }, k) => inputs.map(({ name }) => [name, k] as const)));
    const pieces: Piece[] = [];
    for (const [k, graph] of graphs.entries()) {
      const reads = graph.inputs.map(({ name }) => name);
      // Each would keep what a call of it takes, though they never run at the same time.
      const options = { device, startup, keepsMemory: graphs.length === 1, ...(threads !== undefined && { threads }) };
      const session = await Session.create(serialize(graph), options);
      const passed = graph.outputs.filter(({ name }) => lastReader.has(name));
      pieces.push({
        session,
        reads,
        lastReads: reads.filter((name) => lastReader.get(name) === k),
        passes: new Map(passed.map(({ name, shape }) => [name, shape.map(Number)])),
      });
    }
    const outputs = graphs.flatMap((graph) => graph.outputs.map(({ name }) => name));
    return new PieceSessions(pieces, new Set(outputs.filter((name) => !lastReader.has(name))));
  }

  private constructor(pieces: readonly Piece[], outputs: ReadonlySet<string>) {
    this.#pieces = pieces;
    this.#outputs = outputs;
  }

  /** Gives what no piece reads. `between` is awaited before every piece; nothing of a run that it ends is kept. */
  async run(feeds: Feeds, between: () => Promise<void>): Promise<Readonly<Record<string, FloatTensor>>> {
    const results: Record<string, FloatTensor> = {};
    const passed = new Map<string, FloatTensor>();
    try {
      for (const { session, reads, lastReads, passes } of this.#pieces) {
        await between();
        const given = reads.map((name) => {
          const tensor = feeds[name] ?? passed.get(name);
          if (tensor === undefined) {
            throw new Error(`Expected ${name} to be there for the next piece.`);
          }
          return [name, tensor] as const;
        });
        const into = Object.fromEntries([...passes].map(([name, shape]) => [name, { data: this.#take(shape), shape }]));
        Object.entries(into).forEach(([name, tensor]) => passed.set(name, tensor));
        const made = await session.run(Object.fromEntries(given), 'other', into);
        Object.entries(made)
          .filter(([name]) => this.#outputs.has(name))
          .forEach(([name, tensor]) => (results[name] = tensor));
        lastReads.forEach((name) => this.#giveBack(passed, name));
      }
      return results;
    } finally {
      [...passed.keys()].forEach((name) => this.#giveBack(passed, name));
    }
  }

  async release(): Promise<void> {
    this.#spare.clear();
    await Promise.all(this.#pieces.map(({ session }) => session.release()));
  }

  #take(shape: readonly number[]): Float32Array<ArrayBuffer> {
    const length = shape.reduce((product, side) => product * side, 1);
    return this.#spare.get(length)?.pop() ?? new Float32Array(length);
  }

  #giveBack(passed: Map<string, FloatTensor>, name: string): void {
    const data = passed.get(name)?.data;
    if (data !== undefined) {
      passed.delete(name);
      this.#spare.set(data.length, [...(this.#spare.get(data.length) ?? []), data]);
    }
  }
}
