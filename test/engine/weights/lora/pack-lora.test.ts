import { describe, expect, it } from 'vitest';

import { narrowToHalves } from '../../../../src/engine/weights/halves.ts';
import { LoraPacker, type LoadedLora, type LoraInput, type LoraTarget } from '../../../../src/engine/weights/index.ts';

const LINEAR = {
  module: 'a.to_q',
  kind: 'linear',
  inFeatures: 3,
  outFeatures: 5,
  kernel: [1, 1],
} as const satisfies LoraTarget;
const OTHER = { ...LINEAR, module: 'b.to_q' } as const satisfies LoraTarget;
const CONV = {
  module: 'a.conv1',
  kind: 'conv',
  inFeatures: 2,
  outFeatures: 3,
  kernel: [3, 3],
} as const satisfies LoraTarget;
const TARGETS = [LINEAR, OTHER, CONV];

/** A LoRA whose padded matrices count up from `first`; ranks beyond `rank` are zero. */
function lora(
  id: string,
  modules: readonly LoraTarget[],
  { rank, scale, first }: { rank: number; scale: number; first: number },
): LoadedLora {
  const bucket = rank <= 4 ? 4 : 8;
  return {
    id,
    bytes: 0,
    modules: new Map(
      modules.map(({ module, kind, inFeatures, outFeatures, kernel }) => {
        const taps = inFeatures * kernel[0] * kernel[1];
        const value = (k: number, i: number) => (k < rank ? first + k + i / 10 : 0);
        const down =
          kind === 'conv'
            ? Float32Array.from({ length: bucket * taps }, (_, i) => value(Math.floor(i / taps), i % taps))
            : Float32Array.from({ length: taps * bucket }, (_, i) => value(i % bucket, Math.floor(i / bucket)));
        const up =
          kind === 'conv'
            ? Float32Array.from({ length: outFeatures * bucket }, (_, i) => value(i % bucket, Math.floor(i / bucket)))
            : Float32Array.from({ length: bucket * outFeatures }, (_, i) =>
                value(Math.floor(i / outFeatures), i % outFeatures),
              );
        return [module, { rank, bucket, scale, down, up }];
      }),
    ),
  };
}

const fox = lora('fox', TARGETS, { rank: 2, scale: 0.5, first: 1 });
const ink = lora('ink', [LINEAR, CONV], { rank: 3, scale: 2, first: 10 });

/** Row `row` of what the graph computes from a linear pair: down · up, [in, out]. */
function product(
  inputs: ReadonlyMap<string, LoraInput>,
  { module, inFeatures, outFeatures }: LoraTarget,
  row: number,
): number[] {
  const [down, up] = [inputs.get(`${module}.lora_down`)!, inputs.get(`${module}.lora_up`)!];
  const rank = down.dims[2]!;
  expect(up.dims).toEqual([down.dims[0], rank, outFeatures]);
  return Array.from({ length: inFeatures * outFeatures }, (_, at) => {
    const [i, o] = [Math.floor(at / outFeatures), at % outFeatures];
    return Array.from(
      { length: rank },
      (__, k) => down.data[(row * inFeatures + i) * rank + k]! * up.data[(row * rank + k) * outFeatures + o]!,
    ).reduce((a, b) => a + b, 0);
  });
}

/** Row `row` of what the graph computes from a gated convolution: up · gate · down, [out, in·kh·kw]. */
function convProduct(
  inputs: ReadonlyMap<string, LoraInput>,
  { module, outFeatures }: LoraTarget,
  row: number,
): number[] {
  const [down, gate, up] = ['down', 'gate', 'up'].map((end) => inputs.get(`${module}.lora_${end}`)!) as [
    LoraInput,
    LoraInput,
    LoraInput,
  ];
  const rank = gate.dims[1]!;
  const taps = down.data.length / rank;
  return Array.from({ length: outFeatures * taps }, (_, at) => {
    const [o, tap] = [Math.floor(at / taps), at % taps];
    return Array.from(
      { length: rank },
      (__, k) => up.data[o * rank + k]! * gate.data[row * rank + k]! * down.data[k * taps + tap]!,
    ).reduce((a, b) => a + b, 0);
  });
}

function scaled(values: readonly number[], factor: number): number[] {
  return values.map((value) => value * factor);
}

/** The largest difference, over the largest expected value. */
function distance(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const differences = actual.map((value, i) => Math.abs(value - expected[i]!));
  return Math.max(...differences) / Math.max(1, ...expected.map(Math.abs));
}

function plus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value + b[i]!);
}

describe('the packing of one row with one LoRA', () => {
  it('gives the prepared matrices themselves where no scale remains', () => {
    const inputs = new LoraPacker(TARGETS, 1e6).pack([[{ lora: fox, weight: 2 }]]);
    expect(inputs.get('a.to_q.lora_down')).toMatchObject({ dims: [1, 3, 4] });
    expect(inputs.get('a.to_q.lora_down')!.data).toBe(fox.modules.get('a.to_q')!.down);
    expect(inputs.get('a.to_q.lora_up')!.data).toBe(fox.modules.get('a.to_q')!.up);
    expect(inputs.get('a.conv1.lora_up')!.data).toBe(fox.modules.get('a.conv1')!.up);
  });

  it('folds weight and alpha into lora_up once per weight', () => {
    const packer = new LoraPacker(TARGETS, 1e6);
    const inputs = packer.pack([[{ lora: fox, weight: 0.5 }]]);
    const up = fox.modules.get('a.to_q')!.up;
    expect(inputs.get('a.to_q.lora_up')!.data).toEqual(up.map((value) => value / 4));
    expect(packer.pack([[{ lora: fox, weight: 0.5 }]])).toBe(inputs);
  });

  it('puts weight and alpha into the gate of a convolution', () => {
    const inputs = new LoraPacker(TARGETS, 1e6).pack([[{ lora: ink, weight: 0.75 }]]);
    expect(inputs.get('a.conv1.lora_gate')).toEqual({ dims: [1, 4], data: Float32Array.of(1.5, 1.5, 1.5, 0) });
    expect(inputs.get('a.conv1.lora_down')!.dims).toEqual([4, 2, 3, 3]);
    expect(inputs.get('a.conv1.lora_up')!.dims).toEqual([3, 4, 1, 1]);
  });
});

describe('the packing of several rows', () => {
  const plainFox = new LoraPacker(TARGETS, 1e6).pack([[{ lora: fox, weight: 1 }]]);
  const plainInk = new LoraPacker(TARGETS, 1e6).pack([[{ lora: ink, weight: 1 }]]);
  const rows = [
    [{ lora: fox, weight: 0.8 }],
    [],
    [
      { lora: ink, weight: -0.25 },
      { lora: fox, weight: 1.5 },
    ],
  ];
  const inputs = new LoraPacker(TARGETS, 1e6).pack(rows);

  it('gives each row the sum of its own LoRAs in matrices', () => {
    const [a, b] = [product(plainFox, LINEAR, 0), product(plainInk, LINEAR, 0)];
    expect(distance(product(inputs, LINEAR, 0), scaled(a, 0.8))).toBeLessThan(1e-6);
    expect(distance(product(inputs, LINEAR, 1), scaled(a, 0))).toBeLessThan(1e-6);
    expect(distance(product(inputs, LINEAR, 2), plus(scaled(b, -0.25), scaled(a, 1.5)))).toBeLessThan(1e-6);
  });

  it('gives each row the sum of its own LoRAs in convolutions', () => {
    const [a, b] = [convProduct(plainFox, CONV, 0), convProduct(plainInk, CONV, 0)];
    expect(distance(convProduct(inputs, CONV, 0), scaled(a, 0.8))).toBeLessThan(1e-6);
    expect(distance(convProduct(inputs, CONV, 1), scaled(a, 0))).toBeLessThan(1e-6);
    expect(distance(convProduct(inputs, CONV, 2), plus(scaled(b, -0.25), scaled(a, 1.5)))).toBeLessThan(1e-6);
  });

  it('pads the sum of a row’s ranks to the next bucket', () => {
    expect(inputs.get('a.to_q.lora_down')!.dims).toEqual([3, 3, 8]);
    expect(inputs.get('b.to_q.lora_down')!.dims).toEqual([3, 3, 4]);
    expect(inputs.get('a.conv1.lora_gate')!.dims).toEqual([3, 8]);
  });

  it('adds up a LoRA that a row names twice', () => {
    const twice = new LoraPacker(TARGETS, 1e6).pack([
      [
        { lora: fox, weight: 0.5 },
        { lora: fox, weight: 0.25 },
      ],
    ]);
    expect(distance(product(twice, LINEAR, 0), scaled(product(plainFox, LINEAR, 0), 0.75))).toBeLessThan(1e-6);
    expect(distance(convProduct(twice, CONV, 0), scaled(convProduct(plainFox, CONV, 0), 0.75))).toBeLessThan(1e-6);
  });
});

describe('rows without a LoRA', () => {
  it('are zeros of the smallest bucket, never of rank 0', () => {
    const inputs = new LoraPacker(TARGETS, 1e6).pack([[], [{ lora: fox, weight: 0 }]]);
    for (const { data, dims } of inputs.values()) {
      expect(Math.min(...dims)).toBeGreaterThan(0);
      expect(data.length).toBe(dims.reduce((a, b) => a * b, 1));
      expect(data.every((value) => value === 0)).toBe(true);
    }
    expect(inputs.size).toBe(2 * 2 + 3);
  });
});

describe('the packing in halves', () => {
  it.each([
    ['one row', [[{ lora: fox, weight: 2 }]]],
    ['one row at a weight', [[{ lora: fox, weight: 0.7 }]]],
    [
      'rows in company, one of two LoRAs and one of none',
      [
        [
          { lora: fox, weight: 1 },
          { lora: ink, weight: -0.3 },
        ],
        [],
        [{ lora: ink, weight: 1 }],
      ],
    ],
    ['no LoRA at all', [[]]],
  ])('gives the same numbers, narrowed: %s', (_, rows) => {
    const [wide, narrow] = [new LoraPacker(TARGETS, 1e6), new LoraPacker(TARGETS, 1e6, 'f16')];
    const [floats, halves] = [wide.pack(rows), narrow.pack(rows)];
    expect([...halves.keys()]).toEqual([...floats.keys()]);
    for (const [name, { data, dims }] of floats) {
      const expected = new Uint16Array(data.length);
      narrowToHalves(Float32Array.from(data), expected);
      expect(halves.get(name)).toEqual({ data: expected, dims });
    }
  });

  it('narrows a LoRA once', () => {
    const packer = new LoraPacker(TARGETS, 1e6, 'f16');
    const down = (weight: number) => packer.pack([[{ lora: fox, weight }]]).get('a.to_q.lora_down')!.data;
    expect(down(0.5)).toBe(down(2));
  });
});
