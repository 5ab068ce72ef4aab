/** What a graph holds at most, by hand. */
import { expect, it } from 'vitest';

import { Add, GraphBuilder, Neg, Reshape } from '../../../src/engine/onnx/index.ts';
import { peakBytes } from '../../../src/engine/onnx/peak-memory.ts';

it('counts every value from where it is made to where it is read last, and views not at all', () => {
  const graph = new GraphBuilder('small');
  const x = graph.input('x', 'f32', [10]);
  const a = Neg(x); // 40 bytes, read at the end
  const b = Neg(Reshape(a, [2, 5], [2, 5])); // 40 more
  const c = Neg(b); // 40 more; b ends here
  graph.output('y', Add(c, Reshape(a, [2, 5], [2, 5]))); // 40 more, c and a end here
  expect(peakBytes(graph.finish())).toBe(120);
});

it('needs lengths that are numbers', () => {
  const graph = new GraphBuilder('free');
  graph.output('y', Neg(graph.input('x', 'f32', ['rows'])));
  expect(() => peakBytes(graph.finish())).toThrow('to have fixed lengths, got rows.');
});
