/**
 * A LoRA as inputs of the graph: each row of a call brings its own matrices, so that pictures in different styles
 * share one call. λ and α/rank are folded into `lora_up` by whoever packs them; ranks are padded with zeros, and never 0.
 *
 *   linear, 1×1   <module>.lora_down [rows, in, r]       <module>.lora_up [rows, r, out]
 *                 without `rows` where all rows share one set; gated, with its weights in <module>.lora_gate [r]
 *   convolution   <module>.lora_down [R, in, kh, kw]     <module>.lora_gate [rows, R]     <module>.lora_up [out, R, 1, 1]
 *
 * A convolution's kernel cannot differ by row, so the kernels of all styles of a call are stacked along R and a gate
 * of zeros and ones (or weights) lets each row see its own. Here the low-rank term is added to what comes out of a
 * layer; merged-weights.ts is the other way.
 */
import type { Value } from '../onnx/graph.ts';
import {
  Add,
  type ConvAttributes,
  Gemm,
  MatMul,
  Mul,
  Reshape,
  Shape,
  Split,
  Transpose,
  Unsqueeze,
} from '../onnx/index.ts';
import { dimAt } from '../onnx/shape.ts';
import { byRows, flat, ROWS, styleInput } from './building.ts';
import { asPicture, asTokens, channelsOf, overPixels } from './pictures.ts';
import type { WeightScope } from './weight-scope.ts';

/** Rows in one style may be given it once. */
const STYLES = `${ROWS}?`;

/** y + (x·down)·up over tokens x [rows·S, in], y in parts of equal width; unchanged where the module takes no LoRA. */
export function withLinearLora(
  scope: WeightScope,
  x: Value,
  parts: readonly Value[],
  inFeatures: number,
  outFeatures: number,
): readonly Value[] {
  const { building } = scope;
  if (!takesLora(scope)) {
    return parts;
  }
  const [down, up] = linearInputs(scope, inFeatures, outFeatures);
  const ups = inParts(up, parts.length, outFeatures);
  if (building.styles.rows !== 'each') {
    const low = gated(scope, Gemm(x, down, undefined)); // [rows·S, r]
    return parts.map((y, k) => building.lowering.plusProduct(y, low, ups[k] ?? up));
  }
  const low = MatMul(byRows(building, x), down); // [rows, S, r]
  return parts.map((y, k) => Add(y, flat(MatMul(low, ups[k] ?? up))));
}

/** For a 1×1 convolution over a picture x. */
export function withPointwiseLora(
  scope: WeightScope,
  x: Value,
  y: Value,
  inFeatures: number,
  outFeatures: number,
): Value {
  if (!takesLora(scope)) {
    return y;
  }
  const { building } = scope;
  if (building.lowering.channels === 'last') {
    // Pixels are tokens already.
    const tokens = [asTokens(building, y)];
    const [styled = y] = withLinearLora(scope, asTokens(building, x), tokens, inFeatures, outFeatures);
    return asPicture(building, styled, y);
  }
  const [down, up] = linearInputs(scope, inFeatures, outFeatures);
  const area = `${dimAt(x.shape, 2)}·${dimAt(x.shape, 3)}`;
  const pixels = Reshape(x, [0, 0, -1], [dimAt(x.shape, 0), inFeatures, area]);
  const low = MatMul(transposed(down), pixels); // [rows, r, HW]
  const delta = MatMul(transposed(up), gated(scope, low, [1])); // [rows, out, HW]
  return Add(y, Reshape(delta, Shape(y), y.shape));
}

/** For a k×k convolution over a picture x: the stacked kernels, the gate, then 1×1. */
export function withConvLora(
  scope: WeightScope,
  x: Value,
  y: Value,
  kernel: readonly [number, number],
  attributes: ConvAttributes,
): Value {
  if (!takesLora(scope)) {
    return y;
  }
  const { building, module } = scope;
  const { lowering } = building;
  const rank = `${module}.rank`;
  const [inFeatures, outFeatures] = [channelsOf(building, x), channelsOf(building, y)];
  const down = styleInput(building, `${module}.lora_down`, [rank, inFeatures, ...kernel]);
  const gate = styleInput(building, `${module}.lora_gate`, [building.styles.rows === 'each' ? STYLES : 1, rank]);
  const up = styleInput(building, `${module}.lora_up`, [outFeatures, rank, 1, 1]);
  const low = lowering.convolutionBy(down, x, attributes); // a picture of R channels
  return Add(y, lowering.convolutionBy(up, Mul(low, overPixels(building, gate)), {}));
}

/** low with its weights where they come apart; `after`: axes behind r. */
function gated({ building, module }: WeightScope, low: Value, after: readonly number[] = []): Value {
  if (building.styles.rows !== 'gated') {
    return low;
  }
  const gate = styleInput(building, `${module}.lora_gate`, [`${module}.rank`]);
  return Mul(low, after.length === 0 ? gate : Unsqueeze(gate, after));
}

export function takesLora(scope: WeightScope): boolean {
  return scope.building.styles.beside.has(scope.module);
}

/** down [rows, in, r] and up [rows, r, out], without rows where all share one set. */
export function linearInputs(
  { building, module }: WeightScope,
  inFeatures: number,
  outFeatures: number,
): readonly [Value, Value] {
  const rank = `${module}.rank`;
  const rows = building.styles.rows === 'each' ? [STYLES] : [];
  return [
    styleInput(building, `${module}.lora_down`, [...rows, inFeatures, rank]),
    styleInput(building, `${module}.lora_up`, [...rows, rank, outFeatures]),
  ];
}

/** `up` in equal parts of its last axis. */
export function inParts(up: Value, count: number, outFeatures: number): readonly Value[] {
  const sizes = Array.from({ length: count }, () => outFeatures / count);
  return count === 1 ? [up] : Split(up, sizes, up.shape.length - 1);
}

/** The last two axes change places. */
function transposed(x: Value): Value {
  return Transpose(x, x.shape.length === 2 ? [1, 0] : [0, 2, 1]);
}
