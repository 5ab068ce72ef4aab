/** What the bytes of a model say where the graph leaves something out. */
import { describe, expect, it } from 'vitest';

import { Conv, GraphBuilder, Resize } from '../../../src/engine/onnx/index.ts';
import { ModelProto, type Graph } from '../../../src/engine/onnx/model-proto.ts';

/** Field 1 of a NodeProto, `input`, with a length of 0. */
const NO_NAME = '\n\0';

function graphOf(define: (graph: GraphBuilder) => void): Graph {
  const graph = new GraphBuilder('test');
  define(graph);
  return graph.finish();
}

function bytesOf(graph: Graph): string {
  return Buffer.from(ModelProto(graph)).toString('latin1');
}

describe('inputs that are left out', () => {
  it('are not written at the end: WebGPU takes an empty name there for a bias', () => {
    const bytes = bytesOf(
      graphOf((graph) => {
        const x = graph.input('x', 'f32', ['rows', 1, 'height', 'width']);
        graph.output('y', Conv(x, graph.floats('w', new Float32Array(1), [1, 1, 1, 1]), undefined));
      }),
    );
    expect(bytes).toContain('\n\x01x\n\x01w\x12'); // x and w, and the output right behind them
  });

  it('keep their place before others', () => {
    const bytes = bytesOf(
      graphOf((graph) => graph.output('y', Resize(graph.input('x', 'f32', ['rows', 1, 'height', 'width']), 2))),
    );
    expect(bytes).toContain(`\n\x01x${NO_NAME}\n\x0escales 1 1 2 2`);
  });
});
