/** The LoRA inputs of a call whose rows are drawn with the random LoRAs of test/golden/make_nets.py, or with none. */
import type { Layer } from '../../src/engine/nets/index.ts';
import type { Feeds } from '../../src/engine/ort/index.ts';
import { seededNormals } from './random-weights.ts';

/** What a row is drawn with: a LoRA of make_nets.py by its number, or none. */
export type LoraRow = { readonly index: number; readonly rank: number } | undefined;

/** A [r, in·kh·kw] and B [out, r] of one LoRA. */
function matrices(
  index: number,
  rank: number,
  { module, inFeatures, outFeatures, kernel }: Layer,
): readonly [Float32Array, Float32Array] {
  const fanIn = inFeatures * kernel[0] * kernel[1];
  const name = module.replace(/^text_model\./, ''); // make_nets.py names modules as transformers 5 does
  const a = seededNormals(`lora${index}/${name}.lora_A.weight`, rank * fanIn).map((value) => value / Math.sqrt(fanIn));
  const b = seededNormals(`lora${index}/${name}.lora_B.weight`, outFeatures * rank).map((value) => 0.3 * value);
  return [a, b];
}

/** Aᵀ and Bᵀ of every row, padded with zeros to the greatest rank. */
export function linearFeeds(target: Layer, rows: readonly LoraRow[]): Feeds {
  const { module, inFeatures, outFeatures } = target;
  const width = Math.max(1, ...rows.map((row) => row?.rank ?? 0));
  const down = new Float32Array(rows.length * inFeatures * width);
  const up = new Float32Array(rows.length * width * outFeatures);
  for (const [k, row] of rows.entries()) {
    const [a, b] = row === undefined ? [] : matrices(row.index, row.rank, target);
    for (let r = 0; r < (row?.rank ?? 0); r++) {
      for (let i = 0; i < inFeatures; i++) {
        down[(k * inFeatures + i) * width + r] = a?.[r * inFeatures + i] ?? 0;
      }
      for (let o = 0; o < outFeatures; o++) {
        up[(k * width + r) * outFeatures + o] = b?.[o * (row?.rank ?? 0) + r] ?? 0;
      }
    }
  }
  return {
    [`${module}.lora_down`]: { data: down, shape: [rows.length, inFeatures, width] },
    [`${module}.lora_up`]: { data: up, shape: [rows.length, width, outFeatures] },
  };
}

/** The kernels of all rows stacked, and which row sees which. */
function convFeeds(target: Layer, rows: readonly LoraRow[]): Feeds {
  const { module, inFeatures, outFeatures, kernel } = target;
  const total = rows.reduce((sum, row) => sum + (row?.rank ?? 0), 0);
  const size = inFeatures * kernel[0] * kernel[1];
  const down = new Float32Array(total * size);
  const gate = new Float32Array(rows.length * total);
  const up = new Float32Array(outFeatures * total);
  let at = 0;
  for (const [k, row] of rows.entries()) {
    if (row !== undefined) {
      const [a, b] = matrices(row.index, row.rank, target);
      down.set(a, at * size);
      gate.fill(1, k * total + at, k * total + at + row.rank);
      for (let o = 0; o < outFeatures; o++) {
        up.set(b.subarray(o * row.rank, (o + 1) * row.rank), o * total + at);
      }
      at += row.rank;
    }
  }
  return {
    [`${module}.lora_down`]: { data: down, shape: [total, inFeatures, ...kernel] },
    [`${module}.lora_gate`]: { data: gate, shape: [rows.length, total] },
    [`${module}.lora_up`]: { data: up, shape: [outFeatures, total, 1, 1] },
  };
}

export function feedsOf(list: readonly Layer[], modules: ReadonlySet<string>, rows: readonly LoraRow[]): Feeds {
  const wanted = list.filter((target) => modules.has(target.module));
  return Object.assign(
    {},
    ...wanted.map((target) => (target.kind === 'conv' ? convFeeds(target, rows) : linearFeeds(target, rows))),
  );
}
