/**
 * LoRAs that one row mixes, as inputs of a graph whose weights come apart from the matrices: another mix of the same LoRAs
 * is a few numbers, and nothing is copied, scaled or merged.
 *
 *   linear, 1×1   <module>.lora_down [in, R]             <module>.lora_gate [R]       <module>.lora_up [R, out]
 *   convolution   <module>.lora_down [R, in, kh, kw]     <module>.lora_gate [1, R]    <module>.lora_up [out, R, 1, 1]
 *
 * The LoRAs stand side by side along R, padded to a bucket; weight · alpha/rank of each lies in the gate, zero in the
 * padding. Knows nothing of sessions; the matrices are shared and must not be written to.
 */
import { BoundedMap } from '../../../core/bounded-map.ts';
import { bucketOf, type LoadedLora, type LoadedModule } from './loaded-lora.ts';
import type { LoraTarget } from './lora-module.ts';
import type { LoraInput, LoraRow } from './pack-lora.ts';

type Joined = {
  readonly down: LoraInput;
  readonly up: LoraInput;
  readonly rank: number;
  /** Where each of the row's LoRAs begins along R; undefined for one that leaves the module alone. */
  readonly parts: readonly ({ readonly start: number; readonly part: LoadedModule } | undefined)[];
};

export class GatedPacker {
  readonly #targets: readonly LoraTarget[];
  readonly #joined: BoundedMap<string, ReadonlyMap<string, Joined>>;

  /** `targets`: exactly the modules for which the graph has inputs. `maxBytes` bounds the joined matrices that are kept. */
  constructor(targets: readonly LoraTarget[], maxBytes: number) {
    this.#targets = targets;
    this.#joined = new BoundedMap({ maxCost: maxBytes });
  }

  /** All of the graph's LoRA inputs for a row, by name. */
  pack(row: LoraRow): ReadonlyMap<string, LoraInput> {
    const joined = this.#join(row.map(({ lora }) => lora));
    const inputs = new Map<string, LoraInput>();
    for (const { module, kind } of this.#targets) {
      const one = joined.get(module);
      if (one !== undefined) {
        inputs.set(`${module}.lora_down`, one.down);
        inputs.set(`${module}.lora_gate`, gateOf(one, row, kind === 'conv' ? [1, one.rank] : [one.rank]));
        inputs.set(`${module}.lora_up`, one.up);
      }
    }
    return inputs;
  }

  #join(loras: readonly LoadedLora[]): ReadonlyMap<string, Joined> {
    const key = JSON.stringify(loras.map(({ id }) => id));
    const known = this.#joined.get(key);
    if (known !== undefined) {
      return known;
    }
    const joined = new Map(this.#targets.map((target) => [target.module, joinedAt(target, loras)]));
    const bytes = [...joined.values()].reduce(
      (total, { down, up }) => total + down.data.byteLength + up.data.byteLength,
      0,
    );
    this.#joined.set(key, joined, bytes);
    return joined;
  }
}

function joinedAt(target: LoraTarget, loras: readonly LoadedLora[]): Joined {
  const { module, kind, inFeatures, outFeatures, kernel } = target;
  let end = 0;
  const parts = loras.map(({ modules }) => {
    const part = modules.get(module);
    const start = end;
    end += part?.rank ?? 0;
    return part && { start, part };
  });
  const rank = bucketOf(end);
  const taps = inFeatures * kernel[0] * kernel[1];
  const down = new Float32Array(rank * taps);
  const up = new Float32Array(outFeatures * rank);
  const isConv = kind === 'conv';
  for (const { part, start } of parts.flatMap((each) => each ?? [])) {
    // What has R first lies in one piece; what has it last is one line for each of the other side.
    const first = isConv ? { from: part.down, to: down, width: taps } : { from: part.up, to: up, width: outFeatures };
    const last = isConv ? { from: part.up, to: up, lines: outFeatures } : { from: part.down, to: down, lines: taps };
    first.to.set(first.from.subarray(0, part.rank * first.width), start * first.width);
    for (let line = 0; line < last.lines; line++) {
      last.to.set(last.from.subarray(line * part.bucket, line * part.bucket + part.rank), line * rank + start);
    }
  }
  return {
    down: { data: down, dims: isConv ? [rank, inFeatures, ...kernel] : [inFeatures, rank] },
    up: { data: up, dims: isConv ? [outFeatures, rank, 1, 1] : [rank, outFeatures] },
    rank,
    parts,
  };
}

function gateOf({ rank, parts }: Joined, row: LoraRow, dims: readonly number[]): LoraInput {
  const data = new Float32Array(rank);
  for (const [k, { weight }] of row.entries()) {
    const { start = 0, part } = parts[k] ?? {};
    if (part !== undefined) {
      data.fill(weight * part.scale, start, start + part.rank);
    }
  }
  return { data, dims };
}
