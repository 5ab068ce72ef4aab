/**
 * ONNX's messages as bytes, one function per message, field numbers as in onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Names follow the format, not the house style.
 * Knows neither operators nor shapes' meaning: whoever calls has built the graph.
 */
import { ProtobufWriter } from './protobuf.ts';

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
   * shapes the same memory, one after another, and where it cannot tell compares each with all before it.
   */
  readonly values: readonly ValueInfo[];
};

const IR_VERSION = 10;
const OPSETS = { '': 21, 'com.microsoft': 1 } as const;

/** The message that onnxruntime loads. */
export function ModelProto(graph: Graph): Uint8Array<ArrayBuffer> {
  const w = new ProtobufWriter();
  w.varint(1, IR_VERSION);
  w.string(2, 'fourstep');
  w.message(7, () => GraphProto(w, graph));
  for (const [domain, version] of Object.entries(OPSETS)) {
    w.message(8, () => OperatorSetIdProto(w, domain, version));
  }
  return w.finish();
}

function GraphProto(w: ProtobufWriter, graph: Graph): void {
  for (const node of graph.nodes) {
    w.message(1, () => NodeProto(w, node));
  }
  w.string(2, graph.name);
  for (const initializer of graph.initializers) {
    w.message(5, () => TensorProto(w, initializer));
  }
  for (const [field, infos] of [
    [11, graph.inputs],
    [12, graph.outputs],
    [13, graph.values],
  ] as const) {
    for (const info of infos) {
      w.message(field, () => ValueInfoProto(w, info));
    }
  }
}

function NodeProto(w: ProtobufWriter, node: Node): void {
  // Inputs left out at the end are not written: the format allows an empty name there, and WebGPU's Conv follows it to nowhere.
  for (const input of node.inputs.slice(0, node.inputs.findLastIndex((name) => name !== '') + 1)) {
    w.string(1, input);
  }
  for (const output of node.outputs) {
    w.string(2, output);
  }
  w.string(3, node.name);
  w.string(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    w.message(5, () => AttributeProto(w, name, attribute));
  }
  w.string(7, node.domain);
}

function AttributeProto(w: ProtobufWriter, name: string, attribute: Attribute): void {
  w.string(1, name);
  switch (attribute.kind) {
    case 'float':
      w.float(2, attribute.value);
      w.varint(20, 1);
      return;
    case 'int':
      w.varint(3, attribute.value);
      w.varint(20, 2);
      return;
    case 'string':
      w.string(4, attribute.value);
      w.varint(20, 3);
      return;
    case 'ints':
      for (const value of attribute.value) {
        w.varint(8, value);
      }
      w.varint(20, 7);
      return;
    default:
      attribute satisfies never;
  }
}

function TensorProto(w: ProtobufWriter, { name, dtype, shape, data }: Initializer): void {
  w.packedVarints(1, shape);
  w.varint(2, DATA_TYPE[dtype]);
  w.string(8, name);
  switch (data.kind) {
    case 'raw':
      w.bytes(9, data.bytes);
      return;
    case 'external':
      for (const [key, value] of [
        ['location', data.location],
        ['offset', String(data.offset)],
        ['length', String(data.length)],
      ] as const) {
        w.message(13, () => StringStringEntryProto(w, key, value));
      }
      w.varint(14, 1); // data_location EXTERNAL
      return;
    default:
      data satisfies never;
  }
}

function ValueInfoProto(w: ProtobufWriter, info: ValueInfo): void {
  w.string(1, info.name);
  w.message(2, () => w.message(1, () => TypeProtoTensor(w, info)));
}

function TypeProtoTensor(w: ProtobufWriter, { dtype, shape }: ValueInfo): void {
  w.varint(1, DATA_TYPE[dtype]);
  w.message(2, () => {
    for (const dim of shape) {
      w.message(1, () => (typeof dim === 'number' ? w.varint(1, dim) : w.string(2, dim)));
    }
  });
}

function StringStringEntryProto(w: ProtobufWriter, key: string, value: string): void {
  w.string(1, key);
  w.string(2, value);
}

function OperatorSetIdProto(w: ProtobufWriter, domain: string, version: number): void {
  w.string(1, domain);
  w.varint(2, version);
}
