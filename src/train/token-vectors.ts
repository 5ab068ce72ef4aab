/**
 * Textual inversion (Gal et al., arXiv 2208.01618): vectors of new words that learn, in the place of tokens that the
 * encoder's own table has. Knows where a finished text encoder looks its tokens up, and nothing else of it.
 *
 *   new_tokens [count, C]                     the vectors, which learn
 *   new_places [rows, positions, count]       1 where a prompt has a new word, else 0
 */
import { Add, MatMul, Mul, ReduceSum, Sub, type ReopenOptions } from '../engine/onnx/index.ts';

const TABLE = 'token_embedding.weight';

/** For `reopen` of a text encoder: adds the two inputs, under `prefix`, where the table is read. */
export function tokenVectors(prefix: string, count: number, features: number): NonNullable<ReopenOptions['emit']> {
  return (spec, node, builder) => {
    const made = builder.node(spec);
    const [looked] = made;
    if (looked === undefined || node.opType !== 'Gather' || node.inputs[0]?.endsWith(TABLE) !== true) {
      return made;
    }
    const vectors = builder.input(`${prefix}new_tokens`, 'f32', [count, features]);
    const places = builder.input(`${prefix}new_places`, 'f32', [...looked.shape.slice(0, 2), count]);
    const isOld = Sub(builder.scalar(1), ReduceSum(places, [-1])); // [rows, positions, 1]
    return [Add(Mul(looked, isOld), MatMul(places, vectors))];
  };
}
