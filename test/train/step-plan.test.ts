/** A step in pieces gives what it gives in one call, bit for bit, handed on or computed again, and says what it needs. */
import { beforeAll, describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import {
  Add,
  Concat,
  FusedMatMul,
  Gelu,
  GraphBuilder,
  LayerNormalization,
  MatMul,
  Mul,
  ReduceSum,
  Reshape,
  type Graph,
  type Value,
} from '../../src/engine/onnx/index.ts';
import { gradients } from '../../src/engine/onnx/gradients/index.ts';
import type { FloatTensor } from '../../src/engine/ort/index.ts';
import { PieceSessions } from '../../src/train/piece-sessions.ts';
import type { StepGraph } from '../../src/train/step-graph.ts';
import { planStep, stepArithmetic } from '../../src/train/step-plan.ts';
import { seededNormals } from '../support/random-weights.ts';

const ENOUGH = 64e9;
const NEVER = Number.POSITIVE_INFINITY;
const [ROWS, WIDTH, RANK, DEPTH] = [64, 32, 2, 4];

/** A UNet in small: layers down and up, what the former made joined to the latter, low-rank matrices that learn. */
function smallStep(): StepGraph {
  const graph = new GraphBuilder('small');
  const learnt: string[] = [];
  const weight = (name: string, shape: readonly number[]): Value =>
    graph.floats(name, seededNormals(name, shape[0]! * (shape[1] ?? 1)), shape);
  const layer = (x: Value, name: string, inputs: number): Value => {
    const [down, up] = ['down', 'up'].map((side) => {
      learnt.push(`${name}.lora_${side}`);
      return graph.input(`${name}.lora_${side}`, 'f32', side === 'down' ? [inputs, RANK] : [RANK, WIDTH]);
    });
    const own = MatMul(x, weight(`${name}.w`, [inputs, WIDTH]));
    const y = Add(own, MatMul(MatMul(x, down!), up!));
    const normed = LayerNormalization(y, weight(`${name}.scale`, [WIDTH]), weight(`${name}.bias`, [WIDTH]));
    // A view on the way, as attention has them.
    return Reshape(Reshape(Gelu(normed), [ROWS / 2, 2, WIDTH], [ROWS / 2, 2, WIDTH]), [ROWS, WIDTH], [ROWS, WIDTH]);
  };
  const skips: Value[] = [];
  let x = graph.input('sample', 'f32', [ROWS, WIDTH]);
  for (let k = 0; k < DEPTH; k++) {
    x = layer(x, `down.${k}`, WIDTH);
    skips.push(x);
  }
  for (let k = 0; k < DEPTH; k++) {
    x = layer(Concat([x, skips.pop()!], 1), `up.${k}`, 2 * WIDTH);
  }
  const scores = FusedMatMul(x, x, { transB: true });
  graph.output('loss', Reshape(ReduceSum(Mul(scores, scores), [0, 1]), [1], [1]));
  return { graph: gradients(graph.finish(), 'loss', learnt), learnt, scalesLoss: false };
}

let step: StepGraph;
let arithmetic = 0;
beforeAll(() => {
  step = smallStep();
  arithmetic = stepArithmetic(step) / 5.5;
});

const pieces = (most: number, freeBytes = ENOUGH): readonly Graph[] =>
  planStep(step, { arithmetic: most, freeBytes }).pieces;

/** Twice, as a run of training does: what passed between pieces is written over. */
async function run(graphs: readonly Graph[], between = () => Promise.resolve()) {
  const sessions = await PieceSessions.open(graphs, { device: { kind: 'cpu' }, startup: 'fast', threads: 1 });
  const feeds = (seed: string): Record<string, FloatTensor> =>
    Object.fromEntries(
      step.graph.inputs.map(({ name, shape }) => {
        const sides = shape.map(Number);
        return [name, { shape: sides, data: seededNormals(`${seed} ${name}`, sides[0]! * sides[1]!) }];
      }),
    );
  try {
    return [await sessions.run(feeds('first'), between), await sessions.run(feeds('second'), between)];
  } finally {
    await sessions.release();
  }
}

const count = (graphs: readonly Graph[], of: (graph: Graph) => readonly unknown[]): number =>
  graphs.reduce((sum, graph) => sum + of(graph).length, 0);

describe('a training step in pieces', () => {
  it('is one call where that is short enough, else as many as it takes', async () => {
    expect(pieces(NEVER)).toHaveLength(1);
    const several = pieces(arithmetic);
    expect(several.length).toBeGreaterThan(3);
    let waits = 0;
    await run(several, async () => void (waits += 1));
    expect(waits).toBe(2 * several.length);
  });

  it('gives the same bits in one call, in pieces, and with what is missing on the way back computed again', async () => {
    const whole = await run(pieces(NEVER));
    const several = pieces(arithmetic);
    const again = pieces(arithmetic, planStep(step, { arithmetic, freeBytes: ENOUGH }).neededBytes - 1);
    expect(count(again, ({ nodes }) => nodes)).toBeGreaterThan(count(several, ({ nodes }) => nodes));
    expect(count(again, ({ outputs }) => outputs)).toBeLessThan(count(several, ({ outputs }) => outputs));
    expect(Object.keys(whole[0]!).toSorted()).toEqual(step.graph.outputs.map(({ name }) => name).toSorted());
    expect(whole[0]).not.toEqual(whole[1]);
    expect(await run(several)).toEqual(whole);
    expect(await run(again)).toEqual(whole);
  });

  it('is refused with both figures where no way fits', () => {
    expect(() => pieces(arithmetic, 1e6)).toThrow(UserError);
    expect(() => pieces(arithmetic, 1e6)).toThrow(
      /Expected 0\.\d GB of free memory to train at this size, got 0\.0 GB/,
    );
  });

  it('ends between two pieces where it is told to', async () => {
    let waits = 0;
    const cancelled = run(pieces(arithmetic), () => {
      waits += 1;
      return waits === 3 ? Promise.reject(new Error('cancelled')) : Promise.resolve();
    });
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(waits).toBe(3);
  });
});
