/**
 * How fast onnxruntime's best kernels are here and now: the rate that a UNet's floor is computed from. Three shapes that
 * fill the machine; the fastest counts.
 */
import { Conv, GraphBuilder, MatMul, serialize, type Graph, type Value } from '../../engine/onnx/index.ts';
import { Session, type FloatTensor } from '../../engine/ort/index.ts';

type Kernel = {
  readonly name: string;
  readonly gflop: number;
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, FloatTensor>>;
};

export type KernelRate = { readonly name: string; readonly gflopPerSecond: number };

/** Measures each kernel `rounds` times; a kernel's rate is its best round. */
export async function measureKernels(rounds: number): Promise<readonly KernelRate[]> {
  const rates: KernelRate[] = [];
  for (const kernel of [matmul(2048, 2048, 2048), matmul(1024, 1280, 1280), convolution(640, 32)]) {
    const session = await Session.create(serialize(kernel.graph));
    let bestMs = Number.POSITIVE_INFINITY;
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now();
      await session.run(kernel.feeds);
      bestMs = Math.min(bestMs, performance.now() - startedAt);
    }
    await session.release();
    rates.push({ name: kernel.name, gflopPerSecond: kernel.gflop / (bestMs / 1000) });
  }
  return rates;
}

function matmul(m: number, k: number, n: number): Kernel {
  const graph = new GraphBuilder('matmul');
  const a = graph.input('a', 'f32', [m, k]);
  graph.output('y', MatMul(a, constant(graph, 'b', [k, n])));
  return {
    name: `MatMul ${m}x${k}x${n}`,
    gflop: (2 * m * k * n) / 1e9,
    graph: graph.finish(),
    feeds: { a: filled([m, k]) },
  };
}

function convolution(channels: number, side: number): Kernel {
  const graph = new GraphBuilder('conv');
  const x = graph.input('x', 'f32', [1, channels, side, side]);
  graph.output('y', Conv(x, constant(graph, 'w', [channels, channels, 3, 3]), undefined, { pads: [1, 1, 1, 1] }));
  return {
    name: `Conv 3x3 ${channels}@${side}x${side}`,
    gflop: (2 * side * side * channels * channels * 9) / 1e9,
    graph: graph.finish(),
    feeds: { x: filled([1, channels, side, side]) },
  };
}

function constant(graph: GraphBuilder, name: string, shape: readonly number[]): Value {
  return graph.floats(name, filled(shape).data, shape);
}

function filled(shape: readonly number[]): FloatTensor {
  const length = shape.reduce((product, side) => product * side, 1);
  return { data: Float32Array.from({ length }, (_, index) => ((index * 37) % 101) / 101 - 0.5), shape };
}
