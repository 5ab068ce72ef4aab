/** What a net is computed in, part by part. Knows no layer. */
import type { NumberType } from '../lowering.ts';

/** Parts computed in fp32 inside an fp16 net, where a model would overflow. */
export type Island = 'norm' | 'attention';

export type Precision = { readonly dtype: NumberType; readonly islands: readonly Island[] };

export function typeOn({ dtype, islands }: Precision, island: Island): NumberType {
  return islands.includes(island) ? 'f32' : dtype;
}
