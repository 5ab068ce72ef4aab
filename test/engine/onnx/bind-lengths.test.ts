/** A graph for one size against the graph for every size. */
import { expect, it } from 'vitest';

import {
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseUNetConfig,
  unetLoraTargets,
} from '../../../src/engine/nets/index.ts';
import { bindLengths, GraphBuilder } from '../../../src/engine/onnx/index.ts';
import { floats, given, goldenConfig, relativeL2, runNet } from '../../support/net-case.ts';

const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
const lowering = loweringFor({ provider: 'cpu' });

it('computes what the graph for every size computes, without arithmetic of shapes', async () => {
  const feeds = {
    sample: given('bound/sample', 2, 4, 12, 9),
    timestep: floats([999, 19]),
    encoder_hidden_states: given('bound/encoder_hidden_states', 2, 77, 32),
  };
  const lengths = { rows: 2, height: 12, width: 9, tokens: 77 };
  const free = await runNet('unet', (weights) => buildUNet(config, weights, { lowering }), feeds);
  const bound = await runNet(
    'unet',
    (weights) => bindLengths(buildUNet(config, weights, { lowering }), lengths),
    feeds,
  );
  // The same operators in another order of memory.
  expect(relativeL2(bound['out_sample']!.data, free['out_sample']!.data)).toBeLessThan(1e-6);
  const graph = bindLengths(buildUNet(config, NO_WEIGHTS, { lowering }), lengths);
  expect(graph.nodes.filter(({ opType }) => opType === 'Shape')).toEqual([]);
  expect(graph.values.flatMap(({ shape }) => shape).filter((dim) => typeof dim !== 'number')).toEqual([]);
});

it('finds a length of many names by how they end', () => {
  const beside = new Set(unetLoraTargets(config).map(({ module }) => module));
  const options = { lowering, styles: { rows: 'shared', beside } } as const;
  const graph = bindLengths(buildUNet(config, NO_WEIGHTS, options), {
    rows: 1,
    height: 8,
    width: 8,
    tokens: 77,
    rank: 3,
    'conv_in.rank': 2,
  });
  const shapeOf = (name: string) => graph.inputs.find((input) => input.name === name)?.shape;
  expect(shapeOf('conv_in.lora_down')).toEqual([2, 4, 3, 3]);
  expect(shapeOf('conv_out.lora_down')).toEqual([3, 16, 3, 3]);
});

it('names the length that has no number', () => {
  const builder = new GraphBuilder('free');
  builder.output('y', builder.input('x', 'f32', ['rows', 'height']));
  expect(() => bindLengths(builder.finish(), { rows: 1 })).toThrow(
    'Expected a number for the length height, got rows.',
  );
});
