/** LoRAs as inputs, a different one for each row, against diffusers with the same LoRAs fused by peft. */
import { describe, expect, it } from 'vitest';

import { targetsOf } from '../../../src/engine/model/style-set.ts';
import {
  buildClipText,
  buildUNet,
  clipTextLoraTargets,
  parseClipTextConfig,
  parseUNetConfig,
  buildMerge,
  loweringFor,
  NO_WEIGHTS,
  unetLoraTargets,
  type UNetConfig,
  mergedTogether,
  worthMerging,
  type Layer,
} from '../../../src/engine/nets/index.ts';
import type { Feeds, FloatTensor } from '../../../src/engine/ort/index.ts';
import { narrowToHalves } from '../../../src/engine/weights/halves.ts';
import { floats, given, goldenConfig, goldens, relativeL2, runNet } from '../../support/net-case.ts';
import { feedsOf, linearFeeds, type LoraRow } from '../../support/lora-rows.ts';

const TOLERANCE = 1e-4;
const golden = await goldens();

const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
const targets = unetLoraTargets(config);
const lowering = loweringFor({ provider: 'cpu' });

const ROWS: readonly LoraRow[] = [{ index: 0, rank: 3 }, { index: 1, rank: 5 }, undefined];

async function distance(variant: 'linear' | 'all', key: string, by = lowering): Promise<number> {
  const taken = new Set(targetsOf(variant, targets).map(({ module }) => module));
  const { out_sample } = await runNet(
    'unet',
    (weights) => buildUNet(config, weights, { lowering: by, styles: { beside: taken } }),
    {
      sample: given(`${key}/sample`, 3, 4, 16, 8),
      timestep: floats([999, 259, 259]),
      encoder_hidden_states: given(`${key}/encoder_hidden_states`, 3, 77, 32),
      ...(by.styleType === 'f16' ? inHalves(feedsOf(targets, taken, ROWS)) : feedsOf(targets, taken, ROWS)),
    },
  );
  return relativeL2(out_sample!.data, await golden(`${key}/out_sample`));
}

function inHalves(feeds: Feeds): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => {
      const halves = new Uint16Array(data.length);
      narrowToHalves(Float32Array.from(data, Number), halves);
      return [name, { data: halves, shape }];
    }),
  );
}

/** As `distance`, of row `k` alone, in a call whose rows all have its LoRA, which lies in the weights of `merged`. */
async function distanceShared(
  variant: 'linear' | 'all',
  key: string,
  k: number,
  merged: readonly Layer[] = [],
): Promise<number> {
  const mergedModules = new Set(merged.map(({ module }) => module));
  const taken = targetsOf(variant, targets).filter(({ module }) => !mergedModules.has(module));
  const beside = new Set(taken.map(({ module }) => module));
  const styled = (modules: ReadonlySet<string>): Feeds =>
    Object.fromEntries(
      Object.entries(feedsOf(targets, modules, ROWS.slice(k, k + 1))).map(([name, { data, shape }]) => [
        name,
        { data, shape: shape.length === 3 ? shape.slice(1) : shape } as FloatTensor,
      ]),
    );
  const { out_sample } = await runNet(
    'unet',
    (weights) => buildUNet(config, weights, { lowering, styles: { rows: 'shared', beside, merged: mergedModules } }),
    {
      sample: given(`${key}/sample`, 3, 4, 16, 8),
      timestep: floats([999, 259, 259]),
      encoder_hidden_states: given(`${key}/encoder_hidden_states`, 3, 77, 32),
      ...styled(beside),
      ...(merged.length > 0 && (await runNet('unet', (weights) => buildMerge(weights, merged), styled(mergedModules)))),
    },
  );
  const row = (values: Float32Array): Float32Array =>
    values.subarray((k * values.length) / 3, ((k + 1) * values.length) / 3);
  return relativeL2(row(out_sample!.data), row(await golden(`${key}/out_sample`)));
}

describe('LoRA inputs', () => {
  it('on every linear layer and 1×1 convolution equal the fused LoRA, row by row', async () => {
    expect(await distance('linear', 'unet-lora-linear')).toBeLessThan(TOLERANCE);
  });

  it('on every layer, convolutions too, equal the fused LoRA, row by row', async () => {
    expect(await distance('all', 'unet-lora-conv')).toBeLessThan(TOLERANCE);
  });

  it('shared by all rows equal the fused LoRA', async () => {
    expect(await distanceShared('linear', 'unet-lora-linear', 0)).toBeLessThan(TOLERANCE);
    expect(await distanceShared('all', 'unet-lora-conv', 1)).toBeLessThan(TOLERANCE);
  });

  it('come in halves where a graph for CUDA is one of halves, and change it as they should', async () => {
    const half = loweringFor({ provider: 'cuda', dtype: 'f16' });
    const graph = buildUNet(config, NO_WEIGHTS, {
      lowering: half,
      styles: { beside: new Set(targets.map(({ module }) => module)) },
    });
    const types = new Map(graph.inputs.map(({ name, dtype }) => [name, dtype]));
    const styled = [...types].filter(([name]) => name.includes('.lora_'));
    expect(styled).toHaveLength(
      Object.keys(feedsOf(targets, new Set(targets.map(({ module }) => module)), ROWS)).length,
    );
    expect(new Set(styled.map(([, type]) => type))).toEqual(new Set(['f16']));
    expect([types.get('sample'), types.get('encoder_hidden_states')]).toEqual(['f32', 'f32']);
    expect(await distance('linear', 'unet-lora-linear', half)).toBeLessThan(2e-2);
    // A WebGPU device keeps its styles: they are sent once, as they are.
    expect(loweringFor({ provider: 'webgpu', dtype: 'f16' }).styleType).toBe('f32');
  }, 180_000);

  it('merged into the weights of some layers, whole and in halves, equal the fused LoRA', async () => {
    const merged = worthMerging(targetsOf('linear', targets)).filter((_, k) => k % 2 === 0);
    expect(merged.some(({ use }) => use?.parts === 2)).toBe(true);
    expect(merged.length).toBeLessThan(targetsOf('linear', targets).length / 2 + 1);
    expect(await distanceShared('linear', 'unet-lora-linear', 0, merged)).toBeLessThan(TOLERANCE);
    expect(await distanceShared('all', 'unet-lora-conv', 1, merged)).toBeLessThan(TOLERANCE);
  });

  it('are worth merging where tokens are many and features few', () => {
    const large = parseUNetConfig(
      {
        ...Object(goldenConfig('sd15', 'unet')),
        block_out_channels: [320, 640, 1280, 1280],
        norm_num_groups: 32,
        cross_attention_dim: 768,
        sample_size: 64,
      },
      'large',
    );
    const names = (of: UNetConfig, precision: 'fp32' | 'int8' = 'fp32'): readonly string[] =>
      worthMerging(unetLoraTargets(of, loweringFor({ provider: 'cpu', precision }))).map(({ module }) => module);
    const attention = (block: string): string => `${block}.attentions.0.transformer_blocks.0`;
    const all = names(large);
    expect(all).toContain(`${attention('down_blocks.0')}.attn1.to_q`); // 4,096 tokens, 320 features to 320
    expect(all).toContain(`${attention('down_blocks.0')}.ff.net.0.proj`); // to 2,560
    expect(all).toContain(`${attention('down_blocks.1')}.attn1.to_q`); // 1,024 tokens, 640 features to 640
    expect(all).not.toContain(`${attention('down_blocks.1')}.ff.net.0.proj`); // to 5,120
    expect(all).not.toContain(`${attention('down_blocks.2')}.attn1.to_q`); // 256 tokens, 1,280 features to 1,280
    expect(all).toContain(`${attention('down_blocks.0')}.attn2.to_k`); // 77 tokens, but a small matrix
    expect(all).not.toContain(`${attention('down_blocks.1')}.attn2.to_k`);
    expect(all).not.toContain('conv_in');
    expect(names(large, 'int8')).toEqual(all);
    expect(names(config)).toHaveLength(targets.filter(({ use }) => use !== undefined).length); // all are small
  });

  it('are merged a few at a time, however many they are', () => {
    const bytes = ({ inFeatures, outFeatures }: Layer): number => 4 * inFeatures * outFeatures;
    const all = targetsOf('linear', targets);
    const groups = mergedTogether(all, 4096);
    expect(groups.flat()).toEqual(all);
    const sizes = groups.map((group) => group.reduce((total, target) => total + bytes(target), 0));
    expect(groups.some((group) => group.length > 1)).toBe(true);
    expect(sizes.filter((size, k) => size > 4096 && groups[k]?.length !== 1)).toEqual([]);
    expect(mergedTogether([], 4096)).toEqual([]);
  });

  it('on the text encoder equal the fused LoRA', async () => {
    const text = parseClipTextConfig(goldenConfig('sd15', 'text_encoder'), 'sd15');
    const textTargets = clipTextLoraTargets(text);
    const beside = new Set(textTargets.map((target) => target.module));
    const key = 'text-lora';
    const ids = BigInt64Array.from(await golden(`${key}/input_ids`), BigInt);
    const one = { index: 0, rank: 4 };
    const { pooled } = await runNet(
      'text_encoder',
      (weights) => buildClipText(text, weights, { lowering, styles: { beside } }),
      {
        input_ids: { data: ids, shape: [3, 77] },
        ...Object.assign({}, ...textTargets.map((target) => linearFeeds(target, [one, one, one]))),
      },
    );
    expect(relativeL2(pooled!.data, await golden(`${key}/pooled`))).toBeLessThan(TOLERANCE);
  });

  it('are offered for convolutions and linear layers by their checkpoint names, none twice', () => {
    const names = targets.map((target) => target.module);
    expect(new Set(names).size).toBe(names.length);
    expect(targets).toContainEqual({
      module: 'down_blocks.1.downsamplers.0.conv',
      kind: 'conv',
      inFeatures: 32,
      outFeatures: 32,
      kernel: [3, 3],
      weightName: 'down_blocks.1.downsamplers.0.conv.weight',
    });
    expect(targets.find((target) => target.module === 'down_blocks.0.attentions.0.proj_in')).toMatchObject({
      kind: 'linear',
    });
    expect(targets.find((target) => target.module === 'up_blocks.1.resnets.0.conv_shortcut')).toMatchObject({
      kind: 'linear',
      inFeatures: 64,
    });
  });
});
