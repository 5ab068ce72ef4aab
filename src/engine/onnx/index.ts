/** ONNX as this project writes it: the graph builder's operators and the way to bytes. */
export {
  Abs,
  Add,
  ArgMax,
  Cast,
  Cos,
  Div,
  Equal,
  Erf,
  Exp,
  Gelu,
  Mul,
  Neg,
  PRelu,
  QuickGelu,
  Relu,
  Sigmoid,
  Sign,
  Sin,
  Sqrt,
  Sub,
  Tanh,
} from './operators/elementwise.ts';
export {
  Concat,
  Gather,
  GatherND,
  OneHot,
  Pad,
  Range,
  Reshape,
  Shape,
  Slice,
  SliceAxis,
  Split,
  SplitEvenly,
  Transpose,
  Unsqueeze,
} from './operators/shape.ts';
export { ReduceMax, ReduceMean, ReduceSum } from './operators/reduction.ts';
export {
  DequantizeLinear,
  DynamicQuantizeLinear,
  MatMulIntegerToFloat,
  QLinearAdd,
  QLinearConv,
  QuantizeLinear,
  type ByteScale,
  type Quantised,
} from './operators/quantised.ts';
export {
  Conv,
  convolved,
  ConvTranspose,
  DepthToSpace,
  FusedConv,
  Resize,
  SpaceToDepth,
  type ConvAttributes,
} from './operators/spatial.ts';
export {
  FusedMatMul,
  Gemm,
  InstanceNormalization,
  LayerNormalization,
  MatMul,
  MultiHeadAttention,
  Softmax,
  type FusedMatMulAttributes,
} from './operators/matrix.ts';
export { BiasSplitGelu, GroupNorm, NhwcConv, SkipGroupNorm, SPLIT_GELU_HALVES } from './operators/channels-last.ts';
export { GraphBuilder, type Value } from './graph.ts';
export type { Graph } from './model-proto.ts';
export { serialize, type SerializeOptions } from './serialize.ts';
export { bindLengths, type Lengths } from './bind-lengths.ts';
export { reopen, type ReopenOptions } from './reopen.ts';
