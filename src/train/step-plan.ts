/**
 * How a training step runs: in one call, or cut into pieces so that whoever else wants the device has it soon, and where
 * memory is short with what is needed on the way back computed again (Chen et al., arXiv 1604.06174). Worked out from the
 * graph before anything opens. Knows no machine: how fast and how large it is comes in.
 */
import { UserError } from '../core/errors.ts';
import { arithmeticOf } from '../engine/onnx/arithmetic.ts';
import { cheapAgain } from '../engine/onnx/cheap-again.ts';
import type { Graph } from '../engine/onnx/index.ts';
import { peakBytes, sizesOf, VIEWS } from '../engine/onnx/peak-memory.ts';
import { inPieces, outputsEarly } from '../engine/onnx/pieces.ts';
import { besidesBytes, SLACK } from './memory-bound.ts';
import type { StepGraph } from './step-graph.ts';

export type StepPlan = {
  /** In order; one is the whole step. */
  readonly pieces: readonly Graph[];
  /** Bytes that a run needs, from opening to end. */
  readonly neededBytes: number;
};

export type StepBounds = {
  /** Multiplications of one call at most, as far as single nodes allow. */
  readonly arithmetic: number;
  readonly freeBytes: number;
};

/** Multiplications of a whole step. */
export function stepArithmetic({ graph }: StepGraph): number {
  return arithmeticOf(graph).reduce((sum, cost) => sum + cost, 0);
}

/** Throws `UserError` `train.memory` with both figures where no way fits. */
export function planStep(step: StepGraph, { arithmetic, freeBytes }: StepBounds): StepPlan {
  let least: StepPlan | undefined;
  for (const make of ways(step, arithmetic)) {
    const plan = make();
    if (plan.neededBytes <= freeBytes) {
      return plan;
    }
    least = least === undefined || plan.neededBytes < least.neededBytes ? plan : least;
  }
  const [needs = '', free = ''] = [least?.neededBytes ?? 0, freeBytes].map((bytes) => (bytes / 1e9).toFixed(1));
  throw new UserError(
    'train.memory',
    `Expected ${needs} GB of free memory to train at this size, got ${free} GB; free some, or train at a smaller size.`,
    { params: { needed: needs, free } },
  );
}

/** From the quickest to the one that takes the least memory. */
function* ways(step: StepGraph, most: number): Generator<() => StepPlan> {
  const graph = outputsEarly(step.graph);
  const costs = arithmeticOf(graph);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  if (total <= most) {
    yield () => ({ pieces: [graph], neededBytes: besidesBytes(step) + SLACK * peakBytes(graph) });
  }
  const several = Math.max(2, Math.ceil(total / most));
  const end = forwardEnd(graph);
  yield () => {
    const at = evenly(graph, costs, several);
    return planOf(step, inPieces(graph, { at, isMadeAgain: cheapAgain(graph, end) }));
  };
  const forward = costs.slice(0, end).reduce((sum, cost) => sum + cost, 0);
  // On the way back a part is computed once more, and its gradients are about as much again.
  const fewest = Math.max(2, Math.ceil((2.2 * forward) / most));
  for (const parts of [fewest, 2 * fewest, 4 * fewest]) {
    yield () => planOf(step, again(graph, costs.slice(0, end), parts));
  }
}

/** Places at which so many pieces of about equal cost begin, each where little passes near by. */
function evenly(graph: Graph, costs: readonly number[], count: number): readonly number[] {
  const passing = passingBytes(graph, costs.length);
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const width = total / count;
  const best = Array.from({ length: count - 1 }, () => ({ at: 0, bytes: Number.POSITIVE_INFINITY }));
  let sum = 0;
  for (const [place, cost] of costs.entries()) {
    const near = Math.round(sum / width);
    const found = best[near - 1];
    const bytes = passing[place] ?? 0;
    if (found !== undefined && Math.abs(sum / width - near) <= NEAR && bytes < found.bytes) {
      best[near - 1] = { at: place, bytes };
    }
    sum += cost;
  }
  return [...new Set(best.map(({ at }) => at))].filter((at) => at > 0);
}

/** Of a piece's length, to both sides. */
const NEAR = 0.12;

/** For each place, what has been made before it and is read from there on. */
function passingBytes(graph: Graph, end: number): readonly number[] {
  const sizes = sizesOf(graph);
  const last = new Map<string, number>();
  const nodes = graph.nodes.slice(0, end);
  nodes.forEach(({ inputs }, place) => inputs.forEach((name) => last.set(name, place)));
  const change = new Float64Array(end + 1);
  for (const [place, { outputs }] of nodes.entries()) {
    for (const name of outputs) {
      const until = last.get(name) ?? place;
      change[place + 1] = (change[place + 1] ?? 0) + (sizes.get(name) ?? 0);
      change[until + 1] = (change[until + 1] ?? 0) - (sizes.get(name) ?? 0);
    }
  }
  let held = 0;
  return Array.from(change, (bytes) => (held += bytes));
}

/** The first place behind the way to the loss. */
function forwardEnd(graph: Graph): number {
  return 1 + graph.nodes.findIndex(({ outputs }) => outputs[0] === 'loss');
}

/** So many pieces forward, and as many back that compute again what the way there did not hand on. */
function again(graph: Graph, forward: readonly number[], parts: number): readonly Graph[] {
  const at = evenly(graph, forward, parts);
  const partOf = (place: number): number => at.filter((start) => start <= place).length;
  const makers = new Map<string, number>();
  graph.nodes
    .slice(0, forward.length)
    .forEach(({ outputs }, place) => outputs.forEach((name) => makers.set(name, place)));
  // 1. What passes from part to part on the way there is kept; of a view, what it is a view of.
  const kept = new Set<string>();
  for (const [place, { inputs }] of graph.nodes.slice(0, forward.length).entries()) {
    const passed = inputs.map((name) => ownerOf(graph, makers, name));
    passed.filter((name) => partOf(makers.get(name) ?? place) < partOf(place)).forEach((name) => kept.add(name));
  }
  // 2. The way back is cut where it first needs what an earlier part made.
  const back: number[] = [];
  let reached = at.length;
  for (const [k, { inputs }] of graph.nodes.slice(forward.length).entries()) {
    const needed = inputs
      .map((name) => ownerOf(graph, makers, name))
      .filter((name) => makers.has(name) && !kept.has(name));
    const made = needed.map((name) => partOf(makers.get(name) ?? 0));
    const earliest = Math.min(...made, reached);
    if (earliest < reached) {
      back.push(forward.length + k);
      reached = earliest;
    }
  }
  return inPieces(graph, { at: [...at, ...back], isMadeAgain: (name) => makers.has(name) && !kept.has(name) });
}

function ownerOf(graph: Graph, makers: ReadonlyMap<string, number>, name: string): string {
  const node = graph.nodes[makers.get(name) ?? -1];
  return node !== undefined && VIEWS.has(node.opType) ? ownerOf(graph, makers, node.inputs[0] ?? '') : name;
}

/** What passes between pieces lies outside of the sessions, and twice while it is handed over. */
function planOf(step: StepGraph, pieces: readonly Graph[]): StepPlan {
  const whole = new Set([...step.graph.inputs, ...step.graph.outputs].map(({ name }) => name));
  const lastRead = new Map<string, number>();
  pieces.forEach(({ inputs }, k) => inputs.forEach(({ name }) => lastRead.set(name, k)));
  let held = 0;
  let most = 0;
  for (const [k, piece] of pieces.entries()) {
    const sizes = sizesOf({ ...piece, values: [], outputs: [...piece.inputs, ...piece.outputs] });
    const bytesOf = (name: string): number => (whole.has(name) ? 0 : (sizes.get(name) ?? 0));
    const made = piece.outputs.reduce((sum, { name }) => sum + bytesOf(name), 0);
    most = Math.max(most, SLACK * (held + peakBytes(piece)), held + 2 * made);
    held += made;
    for (const { name } of piece.inputs) {
      held -= lastRead.get(name) === k ? bytesOf(name) : 0;
    }
  }
  return { pieces, neededBytes: besidesBytes(step) + most };
}
