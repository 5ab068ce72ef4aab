/** When a style's weights are merged, and for whom; what they amount to is held by nets/lora-inputs.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sessionOpener } from '../../../src/engine/model/session-opener.ts';
import { StyleInputs } from '../../../src/engine/model/style-inputs.ts';
import { StyleLibrary } from '../../../src/engine/model/style-set.ts';
import {
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseUNetConfig,
  unetLoraTargets,
} from '../../../src/engine/nets/index.ts';
import type { TensorSource } from '../../../src/engine/weights/index.ts';
import { goldenConfig, randomSource } from '../../support/net-case.ts';
import { writeTinyLora } from '../../support/tiny-model.ts';

const CONFIG = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
const TARGETS = unetLoraTargets(CONFIG);
const QUERY = 'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q';
let folder = '';
let weights: TensorSource;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-style-inputs-'));
  weights = randomSource(folder, 'unet', buildUNet(CONFIG, NO_WEIGHTS, { lowering: loweringFor({ provider: 'cpu' }) }));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function styledRow(name: string) {
  const file = path.join(folder, `${name}.safetensors`);
  writeTinyLora('sd15', { name, targets: ['to_q'], rank: 2, alpha: 2 }, file);
  const library = new StyleLibrary({ base: 'other', targets: () => ({ unet: TARGETS, text: [] }) });
  const { key, unet } = await library.prepare([{ id: name, file, weight: 1 }]);
  return { key, loras: unet };
}

describe('StyleInputs', () => {
  const inputs = () =>
    new StyleInputs(
      () => TARGETS,
      weights,
      sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', attention: 'fused', startup: 'fast', threads: 1 }),
    );

  it('merges a style once, and another one anew', async () => {
    const styles = inputs();
    const [ink, neon] = [await styledRow('ink'), await styledRow('neon')];
    const merged = async (rows: (typeof ink)[]) =>
      (await styles.feeds(rows, 'transformers', 'shared'))[`${QUERY}.merged`]?.data;
    const first = await merged([ink]);
    expect(first).toHaveLength(16 * 16);
    expect(await merged([ink, ink])).toBe(first);
    expect(await merged([neon])).not.toEqual(first);
    expect(await merged([ink])).toBe(first);
    await styles.release();
  });

  it('merges nothing where each row may be in a style of its own', async () => {
    const styles = inputs();
    const ink = await styledRow('ink');
    const { merged, beside } = styles.form('transformers', 'each');
    expect(merged.size).toBe(0);
    expect(beside).toContain(QUERY);
    const names = Object.keys(await styles.feeds([ink, ink], 'transformers', 'each'));
    expect(names.filter((name) => name.includes('merged'))).toEqual([]);
    await styles.release();
  });

  it('merges nothing of a mix that moves, and keeps its pairs as they are at every weight', async () => {
    const styles = inputs();
    const [ink, neon] = [await styledRow('ink'), await styledRow('neon')];
    const at = (share: number) => ({
      key: `${share}`,
      loras: [...ink.loras, ...neon.loras].map(({ lora }, k) => ({ lora, weight: k === 0 ? share : 1 - share })),
    });
    const first = await styles.feeds([at(0.25)], 'transformers', 'gated');
    const second = await styles.feeds([at(0.5)], 'transformers', 'gated');
    expect(Object.keys(first).filter((name) => name.includes('merged'))).toEqual([]);
    expect(styles.form('transformers', 'gated').merged.size).toBe(0);
    expect(second[`${QUERY}.lora_down`]?.data).toBe(first[`${QUERY}.lora_down`]?.data);
    expect(second[`${QUERY}.lora_up`]?.data).toBe(first[`${QUERY}.lora_up`]?.data);
    expect([...first[`${QUERY}.lora_gate`]!.data]).toEqual([0.25, 0.25, 0.75, 0.75]);
    expect([...second[`${QUERY}.lora_gate`]!.data]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('gives the plain graph nothing', async () => {
    expect(await inputs().feeds([{ key: '', loras: [] }], 'plain', 'shared')).toEqual({});
  });
});
