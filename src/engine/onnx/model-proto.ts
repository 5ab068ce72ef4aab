/**
 * ONNX's messages as bytes, one function per message, field numbers as in onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Names follow the format, not the house style.
 * Knows neither operators nor shapes' meaning: whoever calls has built the graph.
 */
import { concat, float, message, packedVarints, string, varint, type Bytes } from './protobuf.ts';

/** TensorProto.DataType by our names. */
export const DATA_TYPE = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, bool: 9, f16: 10, bf16: 16 } as const;
export type DataType = keyof typeof DATA_TYPE;

/** A number, or a name for a length known at run time. */
export type Dim = number | string;

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string };

export type Node = {
  readonly domain: string;
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/** Where an initialiser's bytes are: in the model, or `length` bytes at `offset` of another file. */
export type InitializerData =
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }
  | { readonly kind: 'external'; readonly location: string; readonly offset: number; readonly length: number };

export type Initializer = {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: InitializerData;
};

export type ValueInfo = { readonly name: string; readonly dtype: DataType; readonly shape: readonly Dim[] };

export type Graph = {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /**
   * All between inputs and outputs. Equal names of lengths must mean equal lengths: onnxruntime gives tensors of equal
   * shapes the same memory, one after another, and looks for a long time for equal ones where it cannot tell.
   */
  readonly values: readonly ValueInfo[];
};

const IR_VERSION = 10;
const OPSETS = { '': 21, 'com.microsoft': 1 } as const;

export function ModelProto(graph: Graph): Bytes {
  return concat([
    varint(1, IR_VERSION),
    string(2, 'fourstep'),
    message(7, GraphProto(graph)),
    ...Object.entries(OPSETS).map(([domain, version]) => message(8, OperatorSetIdProto(domain, version))),
  ]);
}

function GraphProto(graph: Graph): Bytes[] {
  return [
    ...graph.nodes.map((node) => message(1, NodeProto(node))),
    string(2, graph.name),
    ...graph.initializers.map((initializer) => message(5, TensorProto(initializer))),
    ...graph.inputs.map((input) => message(11, ValueInfoProto(input))),
    ...graph.outputs.map((output) => message(12, ValueInfoProto(output))),
    ...graph.values.map((value) => message(13, ValueInfoProto(value))),
  ];
}

function NodeProto(node: Node): Bytes[] {
  return [
    ...node.inputs.map((input) => string(1, input)),
    ...node.outputs.map((output) => string(2, output)),
    string(3, node.name),
    string(4, node.opType),
    ...Object.entries(node.attributes).map(([name, attribute]) => message(5, AttributeProto(name, attribute))),
    string(7, node.domain),
  ];
}

function AttributeProto(name: string, attribute: Attribute): Bytes[] {
  switch (attribute.kind) {
    case 'float':
      return [string(1, name), float(2, attribute.value), varint(20, 1)];
    case 'int':
      return [string(1, name), varint(3, attribute.value), varint(20, 2)];
    case 'string':
      return [string(1, name), string(4, attribute.value), varint(20, 3)];
    case 'ints':
      return [string(1, name), ...attribute.value.map((value) => varint(8, value)), varint(20, 7)];
    default:
      return attribute satisfies never;
  }
}

function TensorProto(initializer: Initializer): Bytes[] {
  const head = [
    packedVarints(1, initializer.shape),
    varint(2, DATA_TYPE[initializer.dtype]),
    string(8, initializer.name),
  ];
  const data = initializer.data;
  switch (data.kind) {
    case 'raw':
      return [...head, message(9, [data.bytes])];
    case 'external':
      return [
        ...head,
        message(13, StringStringEntryProto('location', data.location)),
        message(13, StringStringEntryProto('offset', String(data.offset))),
        message(13, StringStringEntryProto('length', String(data.length))),
        varint(14, 1), // data_location EXTERNAL
      ];
    default:
      return data satisfies never;
  }
}

function ValueInfoProto(value: ValueInfo): Bytes[] {
  return [string(1, value.name), message(2, [message(1, TypeProtoTensor(value))])];
}

function TypeProtoTensor(value: ValueInfo): Bytes[] {
  const dims = value.shape.map((dim) => message(1, [typeof dim === 'number' ? varint(1, dim) : string(2, dim)]));
  return [varint(1, DATA_TYPE[value.dtype]), message(2, dims)];
}

function StringStringEntryProto(key: string, value: string): Bytes[] {
  return [string(1, key), string(2, value)];
}

function OperatorSetIdProto(domain: string, version: number): Bytes[] {
  return [string(1, domain), varint(2, version)];
}
