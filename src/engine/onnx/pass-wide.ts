/**
 * Pieces of a graph between which everything passes in fp32: halves become wide where they leave a piece and halves again where
 * they enter one, which rounds nothing. Sessions give fp32 alone.
 */
import { DATA_TYPE, type DataType, type Graph, type Node, type ValueInfo } from './model-proto.ts';

export function passWide(piece: Graph, isPassed: (name: string) => boolean): Graph {
  const isHalf = ({ name, dtype }: ValueInfo): boolean => dtype === 'f16' && isPassed(name);
  const [entering, leaving] = [piece.inputs.filter(isHalf), piece.outputs.filter(isHalf)];
  const widened = (info: ValueInfo): ValueInfo =>
    isHalf(info) ? { ...info, name: wide(info.name), dtype: 'f32' } : info;
  return {
    ...piece,
    nodes: [
      ...entering.map(({ name }) => cast(wide(name), name, 'f16')),
      ...piece.nodes,
      ...leaving.map(({ name }) => cast(name, wide(name), 'f32')),
    ],
    inputs: piece.inputs.map(widened),
    outputs: piece.outputs.map(widened),
    values: [...piece.values, ...entering, ...leaving],
  };
}

const wide = (name: string): string => `${name} wide`;

function cast(from: string, to: string, dtype: DataType): Node {
  const attributes = { to: { kind: 'int', value: DATA_TYPE[dtype] } } as const;
  return { domain: '', opType: 'Cast', name: `${to} cast`, inputs: [from], outputs: [to], attributes };
}
