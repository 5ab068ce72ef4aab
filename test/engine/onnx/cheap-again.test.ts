/** What is made again instead of handed over, by hand. */
import { expect, it } from 'vitest';

import { Add, Gelu, GraphBuilder, MatMul, Mul, Reshape } from '../../../src/engine/onnx/index.ts';
import { cheapAgain } from '../../../src/engine/onnx/cheap-again.ts';

it('makes again what follows element by element from what is handed over anyway, and nothing else', () => {
  const graph = new GraphBuilder('small');
  const [x, w] = [graph.input('x', 'f32', [4, 4]), graph.input('w', 'f32', [4, 4])];
  const product = MatMul(x, w);
  const shifted = Add(product, graph.scalar(1));
  const active = Gelu(Mul(shifted, graph.scalar(2))); // what it is made of on the way is handed over to nobody
  const viewed = Reshape(active, [16], [16]);
  const lonely = Add(MatMul(active, w), graph.scalar(3)); // its product is not there later
  graph.output('first', MatMul(lonely, w));
  const end = graph.finish().nodes.length;
  graph.output('rest', MatMul(MatMul(shifted, active), MatMul(product, lonely)));
  graph.output('view', Add(viewed, viewed));
  const isCheap = cheapAgain(graph.finish(), end);
  expect([shifted, active, viewed].map(({ name }) => isCheap(name))).toEqual([true, true, true]);
  expect([product, lonely].map(({ name }) => isCheap(name))).toEqual([false, false]);
  expect(isCheap('x')).toBe(false);
});
