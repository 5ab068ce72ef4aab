/**
 * The multiplier of merging on onnxruntime: a graph of one product and one sum, for matrices of any size. All cores,
 * a hundred times plain JavaScript. Opened once and released by whoever opened it.
 */
import { Add, GraphBuilder, MatMul, serialize } from '../../onnx/index.ts';
import { Session } from '../../ort/index.ts';
import type { AddProduct } from './add-product.ts';

export type OpenedAddProduct = { readonly addProduct: AddProduct; readonly release: () => Promise<void> };

export async function openAddProduct(): Promise<OpenedAddProduct> {
  const graph = new GraphBuilder('merge');
  const weight = graph.input('weight', 'f32', ['rows', 'columns']);
  const up = graph.input('up', 'f32', ['rows', 'rank']);
  const down = graph.input('down', 'f32', ['rank', 'columns']);
  graph.output('sum', Add(weight, MatMul(up, down)));
  const session = await Session.create(serialize(graph.finish()), { startup: 'fast' });
  return {
    addProduct: async (product) => {
      const { rows, rank, columns, scale } = product;
      const { sum } = await session.run({
        weight: { data: product.weight, shape: [rows, columns] },
        up: { data: product.up.map((value) => value * scale), shape: [rows, rank] },
        down: { data: product.down, shape: [rank, columns] },
      });
      if (sum === undefined) {
        throw new Error('the merge gave no sum');
      }
      return sum.data;
    },
    release: () => session.release(),
  };
}
