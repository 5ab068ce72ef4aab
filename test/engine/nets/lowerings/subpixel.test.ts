/** Convolutions of doubled pictures: four small ones against the one over the doubled picture. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildNet, input, output, ROWS, type StyleForm } from '../../../../src/engine/nets/building.ts';
import { conv2dUpsampled } from '../../../../src/engine/nets/convolution.ts';
import { loweringFor, NO_WEIGHTS, type Layer, type Lowering } from '../../../../src/engine/nets/index.ts';
import { WeightScope } from '../../../../src/engine/nets/weight-scope.ts';
import type { Graph } from '../../../../src/engine/onnx/index.ts';
import type { TensorSource } from '../../../../src/engine/weights/index.ts';
import { floats, given, outputOf, randomSource, relativeL2 } from '../../../support/net-case.ts';

/** Rounding only: the same sums in another order. */
const TOLERANCE = 1e-6;
const CPU = loweringFor({ provider: 'cpu' });
/** The graph for other devices, which a processor can run as well. */
const ELSEWHERE = loweringFor({ provider: 'cuda' });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-subpixel-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Case = {
  readonly channels?: number;
  readonly bias?: boolean;
  readonly styles?: Partial<StyleForm>;
  readonly onLayer?: (target: Layer) => void;
};

function doubledConvolution(
  weights: typeof NO_WEIGHTS,
  lowering: Lowering,
  { channels = 6, bias = true, styles, onLayer }: Case = {},
): Graph {
  return buildNet(
    'doubled',
    weights,
    { lowering, ...(styles && { styles }) },
    (building) => {
      const x = input(building, 'x', [ROWS, channels, 'height', 'width']);
      output(building, 'y', conv2dUpsampled(new WeightScope(building).at('conv'), x, channels + 4, { bias }));
    },
    onLayer,
  );
}

function randomWeights(graph: Graph): TensorSource {
  return randomSource(folder, 'subpixel', graph);
}

function operators(graph: Graph): readonly string[] {
  return graph.nodes.map(({ opType }) => opType);
}

describe('a convolution of a doubled picture', () => {
  it.each([
    { rows: 1, size: [4, 4], bias: true },
    { rows: 3, size: [5, 7], bias: true },
    { rows: 2, size: [1, 3], bias: false },
  ])('doubles nothing and gives the same: $rows rows of $size, bias $bias', async ({ rows, size, bias }) => {
    const weights = randomWeights(doubledConvolution(NO_WEIGHTS, ELSEWHERE, { bias }));
    const [small, doubled] = [CPU, ELSEWHERE].map((lowering) => doubledConvolution(weights, lowering, { bias }));
    expect(operators(small!)).not.toContain('Resize');
    expect(operators(doubled!)).toContain('Resize');
    const feeds = { x: given('subpixel/x', rows, 6, ...size) };
    expect(relativeL2(await outputOf(small!, feeds), await outputOf(doubled!, feeds))).toBeLessThan(TOLERANCE);
  });

  it('takes a LoRA for the whole kernel, and is the same target for one', async () => {
    const weights = randomWeights(doubledConvolution(NO_WEIGHTS, ELSEWHERE));
    const targets: Layer[] = [];
    const styles = { beside: new Set(['conv']) };
    const [small, doubled] = [CPU, ELSEWHERE].map((lowering) =>
      doubledConvolution(weights, lowering, { styles, onLayer: (target) => targets.push(target) }),
    );
    const feeds = {
      x: given('subpixel/x', 2, 6, 3, 5),
      'conv.lora_down': given('subpixel/down', 4, 6, 3, 3),
      'conv.lora_gate': floats([1, 1, 0, 0, 0, 0, 1, 1], [2, 4]),
      'conv.lora_up': given('subpixel/up', 10, 4, 1, 1),
    };
    expect(relativeL2(await outputOf(small!, feeds), await outputOf(doubled!, feeds))).toBeLessThan(TOLERANCE);
    expect(targets[0]).toMatchObject({ module: 'conv', kind: 'conv', kernel: [3, 3], inFeatures: 6, outFeatures: 10 });
    expect(targets[0]).toEqual(targets[1]);
  });

  it('is left whole where summing its kernels would delay every start, and in half precision', () => {
    expect(operators(doubledConvolution(NO_WEIGHTS, CPU, { channels: 640 }))).toContain('Resize');
    expect(operators(doubledConvolution(NO_WEIGHTS, loweringFor({ provider: 'cpu', dtype: 'f16' })))).toContain(
      'Resize',
    );
  });
});
