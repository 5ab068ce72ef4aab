/**
 * A graph with its own gradients: reverse mode over a finished graph, node by node, into ordinary operators. What is
 * not learnt stays where it is, in its file. Rules are per operator (their families' files); this walks.
 *
 * Lengths must be numbers (bind-lengths.ts): gradients of what is computed about shapes are not needed then.
 */
import type { Value } from '../graph.ts';
import { Add } from '../index.ts';
import type { Graph } from '../model-proto.ts';
import { reopen, type ReopenedGraph } from '../reopen.ts';
import { formatShape } from '../shape.ts';
import { tidied } from '../tidy.ts';
import { channelsOf, dependence, leading, onLeading, withChannels } from './dependence.ts';
import { inForms } from './forms.ts';
import type { InputGradient, RuleOptions, TapeNode } from './rule.ts';
import { RULES } from './rules.ts';

type GradientOptions = Partial<RuleOptions>;

/** What stays in a processor's cache: a part of attention's scores. */
const USUAL: RuleOptions = { attentionBytes: 8 * 2 ** 20 };

/** The output that holds the gradient by the input `name`. */
export function gradientName(name: string): string {
  return `d ${name}`;
}

/**
 * `graph` with an output `gradientName(…)` more for each input in `wrt`: the gradient of the output `loss`, which has one
 * element. Throws an `Error` that names operator and input where there is no rule, or nothing to differentiate.
 */
export function gradients(graph: Graph, loss: string, wrt: readonly string[], options: GradientOptions = {}): Graph {
  const { tape, value, builder } = record(inForms(graph, wrt));
  const one = value(loss);
  if (one.shape.some((dim) => dim !== 1)) {
    throw new Error(`Expected the loss ${loss} to be one number, got ${formatShape(one.shape)}.`);
  }
  const seed = builder.floats(
    `ones ${formatShape(one.shape)}`,
    Float32Array.of(1),
    one.shape.map(() => 1),
  );
  const found = walkBack(tape, new Map([[one.name, seed]]), wrt.map(value), { ...USUAL, ...options });
  for (const { name } of graph.outputs) {
    builder.output(name, value(name));
  }
  for (const name of wrt) {
    const gradient = found.get(value(name).name);
    if (gradient === undefined) {
      throw new Error(`${loss} does not depend on ${name}.`);
    }
    builder.output(gradientName(name), gradient);
  }
  return tidied(builder.finish());
}

/** The graph again, and its nodes in order. */
function record(graph: Graph): ReopenedGraph & { readonly tape: readonly TapeNode[] } {
  const tape: TapeNode[] = [];
  const reopened = reopen(graph, {
    emit: (spec, { attributes }, builder) => {
      const outputs = builder.node(spec);
      tape.push({ opType: spec.opType, inputs: spec.inputs, outputs, attributes });
      return outputs;
    },
  });
  return { ...reopened, tape };
}

/** By name of a value, the gradient by it; of what depends on `learnt` alone (dependence.ts). */
function walkBack(
  tape: readonly TapeNode[],
  seeds: ReadonlyMap<string, Value>,
  learnt: readonly Value[],
  options: RuleOptions,
): ReadonlyMap<string, Value> {
  const learning = dependence(tape, learnt);
  const found = new Map(seeds);
  for (const node of tape.toReversed()) {
    const dys = node.outputs.map(({ name }) => found.get(name));
    const isOnTheWay = node.outputs.some(({ name }) => learning.has(name));
    if (!isOnTheWay || dys.every((dy) => dy === undefined)) {
      continue;
    }
    const rule = RULES[node.opType];
    if (rule === undefined) {
      throw new Error(`${node.opType} has no rule of differentiation.`);
    }
    const made = rule(onLeading(node, learning), dys, options);
    for (const [place, input] of node.inputs.entries()) {
      const channels = input && learning.get(input.name);
      if (input !== undefined && channels !== undefined) {
        const gradient = made[place];
        if (gradient === undefined || typeof gradient === 'string') {
          const reason = gradient === undefined ? '' : `: ${gradient}`;
          throw new Error(`${node.opType} has no gradient by input ${place}${reason}.`);
        }
        found.set(input.name, sum(node, place, input, channels, gradient, found.get(input.name)));
      }
    }
  }
  return found;
}

/** On top of what is `known`, of so many leading channels. */
function sum(
  { opType }: TapeNode,
  place: number,
  input: Value,
  channels: number,
  gradient: InputGradient,
  known: Value | undefined,
): Value {
  const isPart = channels < channelsOf(input);
  const isFolded = known !== undefined && gradient.addTo !== undefined && !isPart;
  const whole = (): Value => (isFolded ? gradient.addTo(known) : gradient.make());
  const made = isPart ? leading(gradient.ofLeading?.(channels) ?? whole(), channels) : whole();
  const expected = withChannels(input.shape, channels);
  if (formatShape(made.shape) !== formatShape(expected)) {
    throw new Error(
      `${opType}: expected a gradient of ${formatShape(expected)} by input ${place}, got ${formatShape(made.shape)}.`,
    );
  }
  return known === undefined || isFolded ? made : Add(known, made);
}
