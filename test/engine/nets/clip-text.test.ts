/** The text encoders against transformers' outputs for the tiny random models. */
import { describe, expect, it } from 'vitest';

import { buildClipText, loweringFor, parseClipTextConfig, type NetWeights } from '../../../src/engine/nets/index.ts';
import type { FloatTensor, IdTensor } from '../../../src/engine/ort/index.ts';
import { goldenConfig, goldens, relativeL2, runNet } from '../../support/net-case.ts';

const TOLERANCE = 1e-4;
const STRIDE = 7; // the goldens keep every seventh position
const golden = await goldens();
const cpu = { lowering: loweringFor({ provider: 'cpu' }) };

async function idsOf(key: string): Promise<IdTensor> {
  return { data: BigInt64Array.from(await golden(`${key}/input_ids`), BigInt), shape: [3, 77] };
}

function everySeventh({ data, shape }: FloatTensor): Float32Array {
  const [rows = 0, positions = 0, features = 0] = shape;
  const kept: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < positions; position += STRIDE) {
      const start = (row * positions + position) * features;
      kept.push(...data.subarray(start, start + features));
    }
  }
  return Float32Array.from(kept);
}

/** The greatest of the three outputs' distances from transformers. */
async function distance(key: string, results: Readonly<Record<string, FloatTensor>>): Promise<number> {
  const { last_hidden_state: last, penultimate_hidden_state: penultimate, pooled } = results;
  return Math.max(
    relativeL2(everySeventh(last!), await golden(`${key}/last_hidden_state`)),
    relativeL2(everySeventh(penultimate!), await golden(`${key}/penultimate_hidden_state`)),
    relativeL2(pooled!.data, await golden(`${key}/pooled`)),
  );
}

/** The same tensors as transformers 5 names them. */
function withoutPrefix(weights: NetWeights): NetWeights {
  return {
    origin: weights.origin,
    get: (name) => (name.startsWith('text_model.') ? undefined : weights.get(`text_model.${name}`)),
  };
}

describe('CLIPTextModel', () => {
  const config = parseClipTextConfig(goldenConfig('sd15', 'text_encoder'), 'sd15');

  it('agrees with transformers in all three outputs', async () => {
    const results = await runNet('text_encoder', (weights) => buildClipText(config, weights, cpu), {
      input_ids: await idsOf('text-sd15'),
    });
    expect(await distance('text-sd15', results)).toBeLessThan(TOLERANCE);
  });

  it('reads names without the text_model prefix', async () => {
    const results = await runNet(
      'text_encoder',
      (weights) => buildClipText(config, weights.origin === 'no file' ? weights : withoutPrefix(weights), cpu),
      {
        input_ids: await idsOf('text-sd15'),
      },
    );
    expect(await distance('text-sd15', results)).toBeLessThan(TOLERANCE);
  });

  it('gives the same where attention is decomposed', async () => {
    const results = await runNet(
      'text_encoder',
      (weights) => buildClipText(config, weights, { lowering: loweringFor({ provider: 'webgpu' }) }),
      {
        input_ids: await idsOf('text-sd15'),
      },
    );
    expect(await distance('text-sd15', results)).toBeLessThan(TOLERANCE);
  });

  it('pools at the first end token that the config names, wherever greater ids stand', async () => {
    const data = new BigInt64Array(77).fill(100n);
    data.set([538n, 5n, 200n, 7n, 200n]);
    const { last_hidden_state: last, pooled } = await runNet(
      'text_encoder',
      (weights) => buildClipText({ ...config, endToken: 200 }, weights, cpu),
      { input_ids: { data, shape: [1, 77] } },
    );
    expect([...pooled!.data]).toEqual([...last!.data.subarray(2 * 32, 3 * 32)]);
  });
});

describe('CLIPTextModelWithProjection', () => {
  it('agrees with transformers: exact gelu, projected vector', async () => {
    const config = parseClipTextConfig(goldenConfig('sdxl', 'text_encoder_2'), 'sdxl');
    const results = await runNet('text_encoder_2', (weights) => buildClipText(config, weights, cpu), {
      input_ids: await idsOf('text-sdxl-2'),
    });
    expect(await distance('text-sdxl-2', results)).toBeLessThan(TOLERANCE);
  });
});
