/**
 * What a graph says of the shapes between its inputs and outputs, against what is computed: numbers must be the lengths,
 * and a name must stand for one length wherever it occurs. onnxruntime shares memory by them.
 */
import { serialize, type Graph } from '../../src/engine/onnx/index.ts';
import { hostTensor } from '../../src/engine/ort/device-memory.ts';
import type { Feeds } from '../../src/engine/ort/index.ts';
import { loadRuntime } from '../../src/engine/ort/runtime.ts';

/** Throws an `Error` that names the first value whose shape is not as declared. */
export async function checkLengths(graph: Graph, feeds: Feeds): Promise<void> {
  const runtime = await loadRuntime();
  const { bytes, folder } = serialize({ ...graph, outputs: [...graph.outputs, ...graph.values], values: [] });
  const session = await runtime.InferenceSession.create(bytes, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    ...(folder !== undefined && { extra: { session: { model_external_initializers_file_folder_path: folder } } }),
  });
  try {
    const inputs = Object.entries(feeds).map(([name, given]) => [name, hostTensor(runtime, given)]);
    const outputs = await session.run(Object.fromEntries(inputs));
    const lengths = new Map<string, number>();
    for (const { name, shape } of [...graph.inputs, ...graph.values, ...graph.outputs]) {
      const actual = outputs[name]?.dims ?? feeds[name]?.shape ?? [];
      for (const [axis, dim] of shape.entries()) {
        if (typeof dim === 'string' && !lengths.has(dim)) {
          lengths.set(dim, actual[axis] ?? Number.NaN);
        }
      }
      const declared = shape.map((dim) => (typeof dim === 'number' ? dim : lengths.get(dim)));
      if (declared.join(' × ') !== actual.join(' × ')) {
        throw new Error(
          `${name} is declared [${shape.join(', ')}], which is ${declared.join(' × ')}; it is ${actual.join(' × ')}.`,
        );
      }
    }
  } finally {
    await session.release();
  }
}
