import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StyleLibrary, targetsOf } from '../../../src/engine/model/style-set.ts';
import { parseUNetConfig, unetLoraTargets } from '../../../src/engine/nets/index.ts';
import { goldenConfig } from '../../support/net-case.ts';
import { writeTinyLora } from '../../support/tiny-model.ts';

const TARGETS = unetLoraTargets(parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15'));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-styles-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function loraOf(...targets: readonly string[]) {
  const file = path.join(folder, `${targets.join('-')}.safetensors`);
  writeTinyLora('sd15', { name: 'ink', targets, rank: 2, alpha: 2 }, file);
  return { id: targets.join(), file, weight: 1 };
}

function library(text: (typeof TARGETS)[] = []) {
  return new StyleLibrary({ base: 'other', targets: () => ({ unet: TARGETS, text }) });
}

describe('StyleLibrary', () => {
  it.each([
    [['to_q', 'proj_in'], 'transformers'],
    [['to_q', 'time_emb_proj'], 'linear'],
    [['to_q', 'conv1'], 'all'],
  ] as const)('needs for %j the graph %s', async (targets, variant) => {
    expect((await library().prepare([loraOf(...targets)])).variant).toBe(variant);
  });

  it('needs the widest graph that one of several styles needs', async () => {
    expect((await library().prepare([loraOf('to_q'), loraOf('to_k', 'conv2')])).variant).toBe('all');
  });

  it('has one key for the same styles at the same weights, and others for others', async () => {
    const lora = loraOf('to_q');
    const styles = library();
    const key = async (weight: number) => (await styles.prepare([{ ...lora, weight }])).key;
    expect(await key(0.5)).toBe(await key(0.5));
    expect(await key(0.5)).not.toBe(await key(0.6));
  });

  it('is no style at weight 0', async () => {
    expect(await library().prepare([{ ...loraOf('to_q'), weight: 0 }])).toMatchObject({
      variant: 'plain',
      unet: [],
      notices: [],
    });
  });

  it('tells which parts of a file fit nothing', async () => {
    // The text encoder's part has no place in a model without one.
    const [notice] = (await library().prepare([loraOf('to_q', 'fc1')])).notices;
    expect(notice).toMatchObject({ code: 'lora.partial', params: { unmatched: 3, matched: 32, modules: 35 } });
    expect(notice?.sentence).toContain('lora_te_text_model_encoder_layers_0_mlp_fc1');
  });
});

describe('the graphs of a UNet', () => {
  it('take more modules from variant to variant', () => {
    const counts = (['plain', 'transformers', 'linear', 'all'] as const).map(
      (variant) => targetsOf(variant, TARGETS).length,
    );
    expect(counts[0]).toBe(0);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBe(4);
    expect(counts[3]).toBe(TARGETS.length);
  });
});
