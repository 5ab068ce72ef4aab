/** ONNX as this project writes it: the graph builder's operators and the way to bytes. */
export {
  Add,
  ArgMax,
  Cast,
  Cos,
  Div,
  Equal,
  Gelu,
  Mul,
  PRelu,
  QuickGelu,
  Relu,
  Sin,
  Sub,
  Tanh,
} from './operators/elementwise.ts';
export { Concat, Gather, GatherND, Reshape, Shape, Slice, Split, Transpose, Unsqueeze } from './operators/shape.ts';
export { Conv, DepthToSpace, Resize, type ConvAttributes } from './operators/spatial.ts';
export {
  FusedMatMul,
  Gemm,
  InstanceNormalization,
  LayerNormalization,
  MatMul,
  MultiHeadAttention,
  Softmax,
} from './operators/matrix.ts';
export { GraphBuilder, type Value } from './graph.ts';
export type { Graph } from './model-proto.ts';
export { serialize } from './serialize.ts';
