/** Operators over bytes, against the whole numbers that the ONNX specification says, worked out here. */
import { describe, expect, it } from 'vitest';

import {
  DequantizeLinear,
  GraphBuilder,
  QLinearAdd,
  QLinearConv,
  QuantizeLinear,
  type ByteScale,
  type Quantised,
  type Value,
} from '../../../../src/engine/onnx/index.ts';
import { eightBitInstructions } from '../../../../src/engine/ort/index.ts';
import { given, runGraph } from '../../../support/net-case.ts';

const X = { scale: 0.02, zeroPoint: 100 };
const Y = { scale: 0.05, zeroPoint: 60 };

function byteScale(graph: GraphBuilder, { scale, zeroPoint }: typeof X): ByteScale {
  return { scale: graph.scalar(scale), zeroPoint: graph.byte(zeroPoint, 'u8') };
}

/** An input [rows, height, width, channels] in bytes from 0, which are taken for those of a scale with another zero point. */
function bytes(graph: GraphBuilder, name: string, channels: number): Quantised {
  const x = graph.input(name, 'f32', ['rows', 'height', 'width', channels]);
  const scales = graph.floats(`${name} scales`, new Float32Array(channels).fill(X.scale), [channels]);
  return { values: QuantizeLinear(x, scales, { axis: 3, dtype: 'u8' }), ...byteScale(graph, X) };
}

function tensor(
  graph: GraphBuilder,
  name: string,
  dtype: 'i8' | 'i32',
  values: readonly number[],
  shape: readonly number[],
): Value {
  const data = dtype === 'i8' ? Int8Array.from(values) : Int32Array.from(values);
  return graph.initializer(name, dtype, shape, { kind: 'raw', bytes: new Uint8Array(data.buffer) });
}

async function outputOf(build: (graph: GraphBuilder) => Quantised, feeds: Parameters<typeof runGraph>[1]) {
  const graph = new GraphBuilder('bytes');
  graph.output('y', DequantizeLinear(build(graph)));
  return (await runGraph(graph.finish(), feeds))['y']?.data ?? new Float32Array();
}

const quantise = (value: number, { scale, zeroPoint }: typeof X): number =>
  Math.min(255, Math.max(0, Math.round(value / scale) + zeroPoint));
const dequantise = (byte: number, { scale, zeroPoint }: typeof X): number => (byte - zeroPoint) * scale;

describe('Operators over bytes', () => {
  it('quantise by a scale for each channel, from 0 to 255', async () => {
    const x = { data: Float32Array.of(-1, 0.5, 0.1, 300, 2, 1.26), shape: [1, 1, 3, 2] };
    const graph = new GraphBuilder('quantise');
    const scales = graph.floats('scales', Float32Array.of(0.5, 0.1), [2]);
    const values = QuantizeLinear(graph.input('x', 'f32', [1, 1, 3, 2]), scales, { axis: 3, dtype: 'u8' });
    graph.output('y', DequantizeLinear({ values, scale: graph.scalar(1), zeroPoint: graph.byte(0, 'u8') }));
    const { y } = await runGraph(graph.finish(), { x });
    expect([...(y?.data ?? [])]).toEqual([0, 5, 0, 255, 4, 13]);
  });

  it('add and cut off below 0 where that is the zero point', async () => {
    const zero = { scale: 0.03, zeroPoint: 0 };
    const [a, b] = [given('a', 1, 2, 2, 4), given('b', 1, 2, 2, 4)];
    const build = (graph: GraphBuilder): Quantised =>
      QLinearAdd(bytes(graph, 'a', 4), bytes(graph, 'b', 4), byteScale(graph, zero));
    const actual = await outputOf(build, { a, b });
    const read = (value: number): number => dequantise(quantise(value, { ...X, zeroPoint: 0 }), X);
    for (const [i, value] of actual.entries()) {
      const sum = read(a.data[i] ?? 0) + read(b.data[i] ?? 0);
      expect(Math.abs(value - dequantise(quantise(sum, zero), zero))).toBeLessThan(zero.scale * 1.001);
      expect(value).toBeGreaterThanOrEqual(0);
    }
  });

  it.skipIf(eightBitInstructions() === undefined)(
    'convolve with channels last, what lies outside being 0, with a scale for each output',
    async () => {
      const [height, width, inputs, outputs] = [3, 5, 4, 16];
      const x = given('x', 2, height, width, inputs);
      const w = [...given('w', outputs, inputs, 3, 3).data].map((value) =>
        Math.max(-127, Math.min(127, Math.round(value * 50))),
      );
      const scales = Array.from({ length: outputs }, (_, o) => 0.001 * (o + 1));
      const bias = Array.from({ length: outputs }, (_, o) => 200 * (o - 8));
      const build = (graph: GraphBuilder): Quantised =>
        QLinearConv(
          bytes(graph, 'x', inputs),
          {
            values: tensor(graph, 'w', 'i8', w, [outputs, inputs, 3, 3]),
            scale: graph.floats('w scales', Float32Array.from(scales), [outputs]),
            bias: tensor(graph, 'bias', 'i32', bias, [outputs]),
          },
          byteScale(graph, Y),
          [1, 1, 1, 1],
        );
      const actual = await outputOf(build, { x });
      const at = (row: number, y: number, k: number, c: number): number =>
        y < 0 || y >= height || k < 0 || k >= width
          ? 0
          : quantise(x.data[((row * height + y) * width + k) * inputs + c] ?? 0, { ...X, zeroPoint: 0 }) - X.zeroPoint;
      let different = 0;
      for (const [i, value] of actual.entries()) {
        const o = i % outputs;
        const k = Math.floor(i / outputs) % width;
        const y = Math.floor(i / outputs / width) % height;
        const row = Math.floor(i / outputs / width / height);
        let sum = bias[o] ?? 0;
        for (let tap = 0; tap < inputs * 9; tap++) {
          const [c, dy, dx] = [Math.floor(tap / 9), (Math.floor(tap / 3) % 3) - 1, (tap % 3) - 1];
          sum += at(row, y + dy, k + dx, c) * (w[o * inputs * 9 + tap] ?? 0);
        }
        const expected = dequantise(quantise(sum * X.scale * (scales[o] ?? 0), Y), Y);
        expect(Math.abs(value - expected)).toBeLessThan(Y.scale * 1.001);
        different += Math.abs(value - expected) < Y.scale / 2 ? 0 : 1;
      }
      expect(actual).toHaveLength(2 * height * width * outputs);
      expect(different).toBeLessThan(actual.length / 50); // halves round either way
    },
  );

  it.each([
    ['QuantizeLinear', (graph: GraphBuilder) => QuantizeLinear(graph.scalar(1), graph.scalar(1))],
    [
      'DequantizeLinear',
      (graph: GraphBuilder) =>
        DequantizeLinear({ values: graph.byte(1, 'u8'), scale: graph.scalar(1), zeroPoint: graph.byte(0, 'i8') }),
    ],
    [
      'QLinearAdd',
      (graph: GraphBuilder) => QLinearAdd(bytes(graph, 'a', 2), bytes(graph, 'b', 3), byteScale(graph, X)).values,
    ],
    [
      'QLinearConv',
      (graph: GraphBuilder) => {
        const values = tensor(
          graph,
          'w',
          'i8',
          Array.from({ length: 27 }, () => 1),
          [1, 3, 3, 3],
        );
        const scale = graph.floats('w scales', Float32Array.of(1), [1]);
        const kernel = { values, scale, bias: undefined };
        return QLinearConv(bytes(graph, 'x', 2), kernel, byteScale(graph, Y), [1, 1, 1, 1]).values;
      },
    ],
  ])('refuse what does not fit: %s', (operator, build) => {
    expect(() => build(new GraphBuilder('refused'))).toThrow(operator);
  });
});
