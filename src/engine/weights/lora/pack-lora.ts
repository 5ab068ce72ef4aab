/**
 * LoRAs as the inputs of one call of a graph: each row of the call has its own list of them with their weights.
 *
 *   linear, 1×1   <module>.lora_down [rows, in, r]       <module>.lora_up [rows, r, out]
 *   convolution   <module>.lora_down [R, in, kh, kw]     <module>.lora_gate [rows, R]     <module>.lora_up [out, R, 1, 1]
 *
 * weight · alpha/rank lies in a linear `lora_up` and in a convolution's gate. Several LoRAs of a row stand side by side
 * along the rank. Knows nothing of sessions; the arrays are shared and must not be written to.
 */
import { BoundedMap } from '../../../core/bounded-map.ts';
import { narrowToHalves } from '../halves.ts';
import { bucketOf, type LoadedLora, type LoadedModule } from './loaded-lora.ts';
import type { LoraTarget } from './lora-module.ts';

/** fp32, or the bits of halves. */
type LoraNumbers = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
export type LoraInput = { readonly data: LoraNumbers; readonly dims: readonly number[] };

/** A LoRA at a weight: λ_style of the paper. */
export type WeightedLora = { readonly lora: LoadedLora; readonly weight: number };

/** The LoRAs of one row; empty for none. */
export type LoraRow = readonly WeightedLora[];

/** Packs the calls of one graph; keeps what it packed, since the same rows come again with the next step. */
export class LoraPacker {
  readonly #targets: readonly LoraTarget[];
  readonly #packed: BoundedMap<string, ReadonlyMap<string, LoraInput>>;
  readonly #scaledUps: BoundedMap<string, ReadonlyMap<string, LoraNumbers>>;
  readonly #dtype: 'f32' | 'f16';
  /** Of a LoRA's own matrices, as long as they are there. */
  readonly #halves = new WeakMap<Float32Array, Uint16Array<ArrayBuffer>>();
  #zeros: LoraNumbers = new Float32Array();

  /**
   * `targets`: exactly the modules for which the graph has inputs. `maxBytes` bounds what is kept beyond the LoRAs themselves.
   * `dtype`: as the graph takes them.
   */
  constructor(targets: readonly LoraTarget[], maxBytes: number, dtype: 'f32' | 'f16' = 'f32') {
    this.#targets = targets;
    this.#dtype = dtype;
    this.#packed = new BoundedMap({ maxCost: maxBytes / 2 });
    this.#scaledUps = new BoundedMap({ maxCost: maxBytes / 2 });
  }

  /** All of the graph's LoRA inputs for these rows, by name. */
  pack(rows: readonly LoraRow[]): ReadonlyMap<string, LoraInput> {
    const key = JSON.stringify(rows.map((row) => row.map(({ lora, weight }) => [lora.id, weight])));
    const known = this.#packed.get(key);
    if (known !== undefined) {
      return known;
    }
    const inputs = new Map<string, LoraInput>();
    for (const target of this.#targets) {
      const packTarget = target.kind === 'conv' ? this.#conv(target, rows) : this.#linear(target, rows);
      for (const [end, input] of Object.entries(packTarget)) {
        inputs.set(`${target.module}.lora_${end}`, input);
      }
    }
    const own = isSingle(rows) ? 0 : sum([...inputs.values()].map(({ data }) => data.byteLength));
    this.#packed.set(key, inputs, own);
    return inputs;
  }

  #linear(target: LoraTarget, rows: readonly LoraRow[]): Record<'down' | 'up', LoraInput> {
    const { module, inFeatures, outFeatures } = target;
    const segments = rows.map((row) => segmentsOf(module, row));
    const rank = bucketOf(Math.max(0, ...segments.map((row) => sum(row.map(({ part }) => part.rank)))));
    const dims = { down: [rows.length, inFeatures, rank], up: [rows.length, rank, outFeatures] };
    const [[only, ...others] = []] = segments;
    if (segments.every((row) => row.length === 0)) {
      return { down: this.#zeroInput(dims.down), up: this.#zeroInput(dims.up) };
    }
    if (rows.length === 1 && only !== undefined && others.length === 0) {
      return {
        down: { data: this.#own(only.part.down), dims: dims.down },
        up: { data: this.#scaledUp(module, only), dims: dims.up },
      };
    }
    const down = this.#numbers(rows.length * inFeatures * rank);
    const up = this.#numbers(rows.length * rank * outFeatures);
    segments.forEach((row, r) => {
      let from = 0;
      for (const segment of row) {
        const { part } = segment;
        const own = this.#own(part.down);
        for (let i = 0; i < inFeatures; i++) {
          const line = own.subarray(i * part.bucket, i * part.bucket + part.rank);
          down.set(line, (r * inFeatures + i) * rank + from);
        }
        const scaledUp = this.#scaledUp(module, segment).subarray(0, part.rank * outFeatures);
        up.set(scaledUp, (r * rank + from) * outFeatures);
        from += part.rank;
      }
    });
    return { down: { data: down, dims: dims.down }, up: { data: up, dims: dims.up } };
  }

  /** Kernels cannot differ by row: those of all LoRAs are stacked, each once, and the gate opens a row's own. */
  #conv(target: LoraTarget, rows: readonly LoraRow[]): Record<'down' | 'gate' | 'up', LoraInput> {
    const { module, inFeatures, outFeatures, kernel } = target;
    const segments = rows.map((row) => segmentsOf(module, row));
    const parts = [...new Set(segments.flat().map(({ part }) => part))];
    const rank = bucketOf(sum(parts.map((part) => part.rank)));
    const dims = { down: [rank, inFeatures, ...kernel], gate: [rows.length, rank], up: [outFeatures, rank, 1, 1] };
    const [only, ...others] = parts;
    if (only === undefined) {
      return { down: this.#zeroInput(dims.down), gate: this.#zeroInput(dims.gate), up: this.#zeroInput(dims.up) };
    }
    const starts = new Map<LoadedModule, number>();
    parts.reduce((start, part) => (starts.set(part, start), start + part.rank), 0);
    const gate = new Float32Array(rows.length * rank);
    segments.forEach((row, r) => {
      for (const { part, factor } of row) {
        const start = r * rank + (starts.get(part) ?? 0);
        for (let k = start; k < start + part.rank; k++) {
          gate[k] = (gate[k] ?? 0) + factor;
        }
      }
    });
    const gateInput = { data: this.#narrowed(gate), dims: dims.gate };
    if (others.length === 0) {
      const [down, up] = [this.#own(only.down), this.#own(only.up)];
      return { down: { data: down, dims: dims.down }, gate: gateInput, up: { data: up, dims: dims.up } };
    }
    const taps = only.down.length / only.bucket;
    const down = this.#numbers(rank * taps);
    const up = this.#numbers(outFeatures * rank);
    for (const [part, start] of starts) {
      const [ownDown, ownUp] = [this.#own(part.down), this.#own(part.up)];
      down.set(ownDown.subarray(0, part.rank * taps), start * taps);
      for (let o = 0; o < outFeatures; o++) {
        up.set(ownUp.subarray(o * part.bucket, o * part.bucket + part.rank), o * rank + start);
      }
    }
    return { down: { data: down, dims: dims.down }, gate: gateInput, up: { data: up, dims: dims.up } };
  }

  /** `up` times its factor, for all modules of a LoRA at once, since all are about to be asked for. */
  #scaledUp(module: string, { lora, weight, part, factor }: Segment): LoraNumbers {
    if (factor === 1) {
      return this.#own(part.up);
    }
    const key = `${lora.id}@${weight}`;
    let ups = this.#scaledUps.get(key);
    if (ups === undefined) {
      const scaledUps = scaleAll(this.#targets, lora, weight);
      ups = new Map(Array.from(scaledUps, ([name, values]) => [name, this.#narrowed(values)]));
      this.#scaledUps.set(key, ups, sum([...ups.values()].map(({ byteLength }) => byteLength)));
    }
    return ups.get(module) ?? this.#own(part.up);
  }

  /** A LoRA's own, as the graph takes it. */
  #own(values: Float32Array<ArrayBuffer>): LoraNumbers {
    if (this.#dtype === 'f32') {
      return values;
    }
    const halves = this.#halves.get(values) ?? narrowed(values);
    this.#halves.set(values, halves);
    return halves;
  }

  #narrowed(values: Float32Array<ArrayBuffer>): LoraNumbers {
    return this.#dtype === 'f32' ? values : narrowed(values);
  }

  #numbers(length: number): LoraNumbers {
    return this.#dtype === 'f32' ? new Float32Array(length) : new Uint16Array(length);
  }

  #zeroInput(dims: readonly number[]): LoraInput {
    const length = dims.reduce((product, side) => product * side, 1);
    if (this.#zeros.length < length) {
      this.#zeros = this.#numbers(length);
    }
    return { data: this.#zeros.subarray(0, length), dims };
  }
}

type Segment = WeightedLora & { readonly part: LoadedModule; /** weight · alpha/rank */ readonly factor: number };

function segmentsOf(module: string, row: LoraRow): readonly Segment[] {
  return row.flatMap(({ lora, weight }) => {
    const part = lora.modules.get(module);
    return part === undefined || weight === 0 ? [] : [{ lora, weight, part, factor: weight * part.scale }];
  });
}

function scaleAll(
  targets: readonly LoraTarget[],
  lora: LoadedLora,
  weight: number,
): ReadonlyMap<string, Float32Array<ArrayBuffer>> {
  return new Map(
    targets.flatMap(({ module, kind }) => {
      const part = lora.modules.get(module);
      return part === undefined || kind === 'conv' || weight * part.scale === 1
        ? []
        : [[module, scaled(part.up, weight * part.scale)] as const];
    }),
  );
}

function narrowed(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  narrowToHalves(values, halves);
  return halves;
}

/** A plain loop: several times faster than `map` over the millions of numbers of a LoRA. */
function scaled(values: Float32Array, factor: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) {
    result[i] = (values[i] ?? 0) * factor;
  }
  return result;
}

function isSingle(rows: readonly LoraRow[]): boolean {
  return rows.length === 1 && (rows[0]?.length ?? 0) <= 1;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
