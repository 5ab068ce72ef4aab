/**
 * A LoRA as inputs of the graph: each row of a call brings its own matrices, so that pictures in different styles
 * share one call. λ and α/rank are folded into `lora_up` by whoever packs them; ranks are padded with zeros, and never 0.
 *
 *   linear, 1×1   <module>.lora_down [rows, in, r]       <module>.lora_up [rows, r, out]
 *   convolution   <module>.lora_down [R, in, kh, kw]     <module>.lora_gate [rows, R]     <module>.lora_up [out, R, 1, 1]
 *
 * A convolution's kernel cannot differ by row, so the kernels of all styles of a call are stacked along R and a gate
 * of zeros and ones (or weights) lets each row see its own.
 */
import type { Value } from '../onnx/graph.ts';
import {
  Add,
  Conv,
  type ConvAttributes,
  MatMul,
  Mul,
  Reshape,
  Shape,
  Split,
  Transpose,
  Unsqueeze,
} from '../onnx/index.ts';
import { dimAt } from '../onnx/shape.ts';
import { byRows, flat, input, ROWS } from './building.ts';
import type { WeightScope } from './weight-scope.ts';

/** y + (x·down)·up over tokens x [rows·S, in]; unchanged where the module takes no LoRA. */
export function withLinearLora(scope: WeightScope, x: Value, y: Value, inFeatures: number, outFeatures: number): Value {
  if (!takesLora(scope)) {
    return y;
  }
  const [down, up] = linearInputs(scope, inFeatures, outFeatures);
  return Add(y, flat(MatMul(MatMul(byRows(scope.building, x), down), up)));
}

/** As `withLinearLora` for a matrix used in two halves: y = [first, second], each half with its own part of `up`. */
export function withLinearLoraInHalves(
  scope: WeightScope,
  x: Value,
  halves: readonly [Value, Value],
  inFeatures: number,
  half: number,
): readonly [Value, Value] {
  if (!takesLora(scope)) {
    return halves;
  }
  const [down, up] = linearInputs(scope, inFeatures, 2 * half);
  const [first, second] = Split(up, [half, half], 2);
  if (first === undefined || second === undefined) {
    throw new Error('Split returned fewer parts than asked.');
  }
  const low = MatMul(byRows(scope.building, x), down); // [rows, S, r]
  return [Add(halves[0], flat(MatMul(low, first))), Add(halves[1], flat(MatMul(low, second)))];
}

/** For a 1×1 convolution over x [rows, in, H, W]. */
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
  const [down, up] = linearInputs(scope, inFeatures, outFeatures);
  const pixels = Reshape(x, [0, 0, -1], [dimAt(x.shape, 0), inFeatures, 'pixels']);
  const low = MatMul(Transpose(down, [0, 2, 1]), pixels); // [rows, r, HW]
  const delta = MatMul(Transpose(up, [0, 2, 1]), low); // [rows, out, HW]
  return Add(y, Reshape(delta, Shape(y), y.shape));
}

/** For a k×k convolution over x [rows, in, H, W]: the stacked kernels, the gate, then 1×1. */
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
  const rank = `${module}.rank`;
  const [inFeatures, outFeatures] = [dimAt(x.shape, 1), dimAt(y.shape, 1)];
  const down = input(building, `${module}.lora_down`, [rank, inFeatures, ...kernel]);
  const gate = input(building, `${module}.lora_gate`, [ROWS, rank]);
  const up = input(building, `${module}.lora_up`, [outFeatures, rank, 1, 1]);
  const low = Conv(x, down, undefined, attributes); // [rows, R, H, W]
  return Add(y, Conv(Mul(low, Unsqueeze(gate, [2, 3])), up, undefined));
}

function takesLora(scope: WeightScope): boolean {
  return scope.building.loraModules.has(scope.module);
}

function linearInputs(
  { building, module }: WeightScope,
  inFeatures: number,
  outFeatures: number,
): readonly [Value, Value] {
  const rank = `${module}.rank`;
  return [
    input(building, `${module}.lora_down`, [ROWS, inFeatures, rank]),
    input(building, `${module}.lora_up`, [ROWS, rank, outFeatures]),
  ];
}
