/**
 * A style in the weights themselves: a graph that adds `up · down` to matrices, run once for a style, and what it gives
 * is what a net built with `mergedModules` takes instead of its own weights. Beside a layer, a term costs
 * tokens · (in + out) operations for each rank in every call; in the weights it costs a call nothing, but memory.
 *
 *   <module>.lora_down [in, r]   <module>.lora_up [r, out]   →   <module>.merged [out, in]
 *                                for a matrix used in halves      <module>.merged[0:half], <module>.merged[half:2·half]
 *                                for one that is read in 8 bits   <module>.merged.s8 [in, out], <module>.merged.s8_scale [out]
 */
import type { Graph, Value } from '../onnx/index.ts';
import { Abs, Add, Gemm, Mul, QuantizeLinear, ReduceMax, Transpose } from '../onnx/index.ts';
import { GREATEST, QUANTISED, QUANTISED_SCALE } from '../weights/quantised.ts';
import { buildNet, output, type Layer, type NetWeights } from './building.ts';
import { inParts, linearInputs } from './lora-inputs.ts';
import { ordinaryLowering } from './lowerings/ordinary.ts';
import { isReadable, mergedName, rowsName, WeightScope } from './weight-scope.ts';

/** W + (down · up)ᵀ for every target, computed in fp32; all must be matrices. */
export function buildMerge(weights: NetWeights, targets: readonly Layer[]): Graph {
  const lowering = ordinaryLowering({ dtype: 'f32', islands: [], attention: 'decomposed' });
  const beside = new Set(targets.map(({ module }) => module));
  return buildNet('merge', weights, { lowering, styles: { rows: 'shared', beside } }, (building) => {
    for (const target of targets) {
      const { module, weightName, inFeatures, outFeatures, use } = target;
      building.onLayer(target);
      const scope = new WeightScope(building, weightName.replace(/\.weight$/, ''), module);
      const [down, up] = linearInputs(scope, inFeatures, outFeatures);
      const parts = use?.parts ?? 1;
      const rows = outFeatures / parts;
      for (const [k, part] of inParts(up, parts, outFeatures).entries()) {
        const w = scope.weightRows('weight', [outFeatures, inFeatures], k * rows, rows);
        const merged = Gemm(part, down, w, { transA: true, transB: true });
        const name = (which?: string): string => rowsName(mergedName(module, which), outFeatures, k * rows, rows);
        if (use?.isQuantised === true) {
          const { values, scale } = quantised(merged);
          building.graph.output(name(QUANTISED), values);
          output(building, name(QUANTISED_SCALE), scale);
        } else {
          output(building, name(), merged);
        }
      }
    }
  });
}

/** w [out, in] as weights/quantised.ts does it: s8 [in, out], and a scale for each output [out]. */
function quantised(w: Value): { readonly values: Value; readonly scale: Value } {
  const greatest = ReduceMax(Abs(w), [1], { keepdims: false });
  // A row of zeros is one at any scale but 0.
  const scale = Add(Mul(greatest, w.graph.scalar(1 / GREATEST)), w.graph.scalar(1e-20));
  return { values: Transpose(QuantizeLinear(w, scale), [1, 0]), scale };
}

/** Whether a graph can read the weight as it is stored: what 8 bits were made from may be of a type that no operator takes. */
export function canMerge({ weightName }: Layer, weights: NetWeights): boolean {
  const info = weights.get(weightName);
  return info !== undefined && isReadable(info);
}

/** Operators and their inputs cost more than the arithmetic of matrices of so many bytes. */
const SMALL_BYTES = 2 ** 20;

/**
 * A term's operations for each rank ÷ those of the product that it stands beside. Merged weights come in with a call and
 * are not packed, so that products by them take 5 to 20 % longer, in 8 bits and in fp32: a term of rank 16 beside a wider
 * layer costs less.
 */
const LEAST_SHARE = 1 / 330;

/** Those of `targets` that gain by it; of large ones none where merging is more work than one call's term. */
export function worthMerging(targets: readonly Layer[]): readonly Layer[] {
  return targets.filter((target) => {
    const { inFeatures, outFeatures, use } = target;
    const share = (inFeatures + outFeatures) / (inFeatures * outFeatures);
    // A term of one token is `share` of what merging is, at any rank.
    return use !== undefined && (wideBytes(target) <= SMALL_BYTES || (share >= LEAST_SHARE && use.tokens * share >= 1));
  });
}

/** In groups of at most `maxBytes` of fp32 weights, or of one: a session that merges halves holds all of its own in fp32. */
export function mergedTogether(targets: readonly Layer[], maxBytes: number): readonly (readonly Layer[])[] {
  const groups: Layer[][] = [];
  let room = 0;
  for (const target of targets) {
    room -= wideBytes(target);
    if (room < 0) {
      groups.push([]);
      room = maxBytes - wideBytes(target);
    }
    groups.at(-1)?.push(target);
  }
  return groups;
}

/** In fp32. */
function wideBytes({ inFeatures, outFeatures }: Layer): number {
  return 4 * inFeatures * outFeatures;
}
