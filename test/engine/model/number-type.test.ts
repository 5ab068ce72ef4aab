/** What nets compute in: pictures in fp16 are those in fp32, and what overflows there is kept out of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelsFolder } from '../../../config/paths.ts';
import { defaultRequest } from '../../../src/core/default-request.ts';
import { createEngineRunner } from '../../../src/engine/index.ts';
import { parseAutoencoderConfig } from '../../../src/engine/model/autoencoder.ts';
import { autoencoderNumberType, unetIslands, usualNumberType } from '../../../src/engine/model/number-type.ts';
import { parseUNetConfig, type NumberType } from '../../../src/engine/nets/index.ts';
import { goldenConfig } from '../../support/net-case.ts';
import { NO_PICTURES } from '../../support/no-pictures.ts';
import { writeTinyLora, writeTinyModel } from '../../support/tiny-model.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-numbers-'));
  for (const model of ['sd15', 'sdxl'] as const) {
    writeTinyModel(model, path.join(folder, model), { vae: { force_upcast: false } });
  }
  writeTinyLora('sd15', { name: 'ink', targets: ['to_q'], rank: 2, alpha: 2 }, path.join(folder, 'ink.safetensors'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function draw(
  { model, style }: { readonly model: string; readonly style: boolean },
  numberType: NumberType,
): Promise<Uint8Array> {
  const runner = createEngineRunner({
    locateModel: async () => ({ source: path.join(folder, model) }),
    ...NO_PICTURES,
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    numberType,
    threads: 1,
  });
  const request = defaultRequest(
    { id: model, defaults: { steps: 1, guidance: 1, width: 64, height: 64, scheduler: 'lcm' } },
    'a blue fox',
    {
      accelerator: { kind: 'none' },
      styles: style ? [{ id: 'ink', file: path.join(folder, 'ink.safetensors'), weight: 1 }] : [],
      seed: 5,
    },
  );
  try {
    for await (const event of runner.run(
      { kind: 'imagine', id: 'one', request, previewAfter: [] },
      new AbortController().signal,
    )) {
      if (event.kind === 'picture') {
        return event.picture.data;
      }
    }
    throw new Error('no picture came');
  } finally {
    await runner.close(0);
  }
}

describe('pictures in fp16', () => {
  it.each([
    { model: 'sd15', style: true },
    { model: 'sdxl', style: false },
  ])(
    'are those in fp32, but for rounding: $model',
    async (drawn) => {
      const [wide, narrow] = [await draw(drawn, 'f32'), await draw(drawn, 'f16')];
      const differences = wide.map((value, i) => Math.abs(value - (narrow[i] ?? 0)));
      const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
      expect(mean).toBeGreaterThan(0);
      expect(mean).toBeLessThan(0.5);
      expect(Math.max(...differences)).toBeLessThanOrEqual(4);
    },
    300_000,
  );
});

describe('the number type', () => {
  it('is fp16 where a device has units for it', () => {
    const kinds = ['cpu', 'cuda', 'tensorrt', 'dml', 'coreml', 'webgpu'] as const;
    expect(kinds.filter((kind) => usualNumberType(kind) === 'f16')).toEqual(['cuda', 'tensorrt', 'dml']);
  });

  it("of SDXL's norms stays fp32, and so does attention where the config asks for it", () => {
    const islands = (model: 'sd15' | 'sdxl', changes: object) =>
      unetIslands(parseUNetConfig({ ...Object(goldenConfig(model, 'unet')), ...changes }, 'unet/config.json'));
    expect(islands('sd15', {})).toEqual([]);
    expect(islands('sd15', { upcast_attention: true })).toEqual(['attention']);
    expect(islands('sdxl', { upcast_attention: null })).toEqual(['norm']);
  });

  it('of a VAE is fp32 where its config forces that', () => {
    const type = (force_upcast: boolean) =>
      autoencoderNumberType(
        parseAutoencoderConfig({ ...Object(goldenConfig('sd15', 'vae')), force_upcast }, 'vae/config.json'),
        'f16',
      );
    expect([type(true), type(false)]).toEqual(['f32', 'f16']);
  });
});
