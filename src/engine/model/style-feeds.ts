/**
 * The LoRA inputs of one call: the styles of its rows side by side.
 *
 * Rows in one style share its arrays as they are, broadcast by the graph, so the usual call copies nothing. Rows in
 * different styles are joined: linear matrices along the batch axis, padded to the largest rank; convolution kernels
 * along the rank, where a gate lets each row see its own. Knows no session.
 */
import type { LoraTarget } from '../nets/index.ts';
import type { FloatTensor } from '../ort/index.ts';
import { emptyPart, type NetStyle, type StylePart } from './style-set.ts';

export type StyleFeeds = Readonly<Record<string, FloatTensor>>;

/** `rows`: the style of each row of the call. `targets`: the modules that the graph takes inputs for. */
export function styleFeeds(targets: readonly LoraTarget[], rows: readonly NetStyle[]): StyleFeeds {
  const distinct = [...new Set(rows)];
  const whichOfRow = rows.map((row) => distinct.indexOf(row));
  const feeds: Record<string, FloatTensor> = {};
  for (const target of targets) {
    const parts = distinct.map((style) => style.get(target.module) ?? emptyPart(target));
    const [only] = parts;
    const joined = only === undefined || parts.length > 1 ? join(target, parts, whichOfRow) : single(target, only);
    for (const [name, tensor] of Object.entries(joined)) {
      feeds[`${target.module}.${name}`] = tensor;
    }
  }
  return feeds;
}

/** In bytes. */
export function feedBytes(feeds: StyleFeeds): number {
  return Object.values(feeds).reduce((total, { data }) => total + data.byteLength, 0);
}

type Inputs = Readonly<Record<string, FloatTensor>>;

/** One row for all. */
function single(target: LoraTarget, { rank, down, up, gate }: StylePart): Inputs {
  const { inFeatures, outFeatures, kernel } = target;
  return gate === undefined
    ? {
        lora_down: { data: down, shape: [1, inFeatures, rank] },
        lora_up: { data: up, shape: [1, rank, outFeatures] },
      }
    : {
        lora_down: { data: down, shape: [rank, inFeatures, ...kernel] },
        lora_gate: { data: gate, shape: [1, rank] },
        lora_up: { data: up, shape: [outFeatures, rank, 1, 1] },
      };
}

function join(target: LoraTarget, parts: readonly StylePart[], whichOfRow: readonly number[]): Inputs {
  return target.kind === 'linear' ? joinLinear(target, parts, whichOfRow) : joinConv(target, parts, whichOfRow);
}

function joinLinear(
  { inFeatures, outFeatures }: LoraTarget,
  parts: readonly StylePart[],
  whichOfRow: readonly number[],
): Inputs {
  const rank = Math.max(...parts.map((part) => part.rank));
  const rows = whichOfRow.length;
  const down = new Float32Array(rows * inFeatures * rank);
  const up = new Float32Array(rows * rank * outFeatures);
  for (const [row, which] of whichOfRow.entries()) {
    const part = parts[which];
    if (part === undefined) {
      continue;
    }
    for (let i = 0; i < inFeatures; i++) {
      down.set(part.down.subarray(i * part.rank, (i + 1) * part.rank), (row * inFeatures + i) * rank);
    }
    up.set(part.up, row * rank * outFeatures);
  }
  return {
    lora_down: { data: down, shape: [rows, inFeatures, rank] },
    lora_up: { data: up, shape: [rows, rank, outFeatures] },
  };
}

function joinConv(target: LoraTarget, parts: readonly StylePart[], whichOfRow: readonly number[]): Inputs {
  const { inFeatures, outFeatures, kernel } = target;
  const taps = inFeatures * kernel[0] * kernel[1];
  const firsts: number[] = [];
  let rank = 0;
  for (const part of parts) {
    firsts.push(rank);
    rank += part.rank;
  }
  const down = new Float32Array(rank * taps);
  const up = new Float32Array(outFeatures * rank);
  const gate = new Float32Array(whichOfRow.length * rank);
  for (const [k, part] of parts.entries()) {
    const first = firsts[k] ?? 0;
    down.set(part.down, first * taps);
    for (let o = 0; o < outFeatures; o++) {
      up.set(part.up.subarray(o * part.rank, (o + 1) * part.rank), o * rank + first);
    }
    for (const [row, which] of whichOfRow.entries()) {
      if (which === k && part.gate !== undefined) {
        gate.set(part.gate, row * rank + first);
      }
    }
  }
  return {
    lora_down: { data: down, shape: [rank, inFeatures, ...kernel] },
    lora_gate: { data: gate, shape: [whichOfRow.length, rank] },
    lora_up: { data: up, shape: [outFeatures, rank, 1, 1] },
  };
}
