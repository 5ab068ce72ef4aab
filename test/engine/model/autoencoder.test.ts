import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Autoencoder } from '../../../src/engine/model/autoencoder.ts';
import { openNet, type NetFiles } from '../../../src/engine/model/model-files.ts';
import { sessionOpener } from '../../../src/engine/model/session-opener.ts';
import type { Graph } from '../../../src/engine/onnx/index.ts';
import { eightBitInstructions } from '../../../src/engine/ort/index.ts';
import { TorchGenerator } from '../../../src/engine/sampling/index.ts';
import { openSafetensors, type TensorSource } from '../../../src/engine/weights/index.ts';
import { overlay } from '../../../src/engine/weights/tensor-table.ts';
import { writeTensors } from '../../support/safetensors-file.ts';
import { largestDifference } from '../../support/golden-pictures.ts';
import { goldenConfig } from '../../support/net-case.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';

const OPEN = sessionOpener({
  device: { kind: 'cpu' },
  numberType: 'f32',
  attention: 'fused',
  startup: 'fast',
  threads: 1,
});
const SIZE = { channels: 4, height: 8, width: 8 };
const AREA = 64;
let folder = '';
let files: NetFiles;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-vae-'));
  writeTinyModel('sd15', folder);
  files = await openNet(folder, 'vae');
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function open(
  changes: Readonly<Record<string, unknown>> = {},
  weights: TensorSource = files.weights,
  precision: 'fp32' | 'int8' = 'fp32',
): Promise<Autoencoder> {
  const config = { ...Object(goldenConfig('sd15', 'vae')), ...changes };
  return Autoencoder.open({ config, origin: 'vae/config.json', weights }, { open: OPEN, cacheDir: folder, precision });
}

describe('Autoencoder', () => {
  it('undoes means and deviations per channel before it decodes', async () => {
    const [means, deviations] = [
      [0.5, -1, 0, 2],
      [1, 2, 0.5, 3],
    ];
    const [plain, normalised] = [await open(), await open({ latents_mean: means, latents_std: deviations })];
    const latents = new TorchGenerator(1).randn(4 * AREA);
    const factor = plain.config.scalingFactor;
    const undone = latents.map(
      (value, i) => value * deviations[Math.floor(i / AREA)]! + means[Math.floor(i / AREA)]! * factor,
    );
    const [[expected], [actual]] = [await plain.decode([undone], SIZE), await normalised.decode([latents], SIZE)];
    const largest = largestDifference(actual, expected);
    expect(largest).toBeLessThanOrEqual(1);
    await Promise.all([plain.release(), normalised.release()]);
  });

  it('decodes several in a call as each alone', async () => {
    const vae = await open();
    const latents = [5, 6, 7].map((seed) => new TorchGenerator(seed).randn(4 * AREA));
    const together = await vae.decode(latents, SIZE);
    expect(together).toHaveLength(3);
    for (const [k, each] of latents.entries()) {
      expect(largestDifference(together[k], (await vae.decode([each], SIZE))[0])).toBeLessThanOrEqual(1);
    }
    await vae.release();
  });

  it('decodes as many in a call as CUDA has met, which it meets once for a size and not for previews', async () => {
    const calls: number[] = [];
    const counting = async (graph: Graph) => {
      const session = await OPEN(graph);
      const run = session.run.bind(session);
      vi.spyOn(session, 'run').mockImplementation((feeds) => {
        calls.push(feeds['latents']?.shape[0] ?? 0);
        return run(feeds);
      });
      return session;
    };
    const onCuda = Object.assign(counting, {
      mapped: OPEN.mapped,
      besideWindow: OPEN.besideWindow,
      lean: counting,
      memory: OPEN.memory,
      target: { ...OPEN.target, provider: 'cuda', attention: 'decomposed' } as const,
    });
    const config = goldenConfig('sd15', 'vae');
    const place = { open: onCuda, cacheDir: folder, precision: 'fp32' } as const;
    const vae = await Autoencoder.open({ config, origin: 'vae/config.json', weights: files.weights }, place);
    const latents = [5, 6, 7].map((seed) => new TorchGenerator(seed).randn(4 * AREA));
    await vae.preview(latents[0]!, SIZE, AREA);
    expect(calls.splice(0)).toEqual([1]);
    const together = await vae.decode(latents, SIZE);
    expect(together).toHaveLength(3);
    expect(calls.splice(0)).toEqual([1, 2, 4, 4]);
    const [alone] = await vae.decode(latents.slice(2), SIZE);
    expect(calls).toEqual([1]);
    expect(largestDifference(together[2], alone)).toBeLessThanOrEqual(1);
    await vae.release();
  });

  it('applies them again when it encodes', async () => {
    const [means, deviations] = [
      [0.5, -1, 0, 2],
      [1, 2, 0.5, 3],
    ];
    const [plain, normalised] = [await open(), await open({ latents_mean: means, latents_std: deviations })];
    const picture = { width: 64, height: 64, data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 5) % 256) };
    const sample = async (vae: Autoencoder) => (await vae.encode(picture))(new TorchGenerator(2));
    const [raw, scaled] = [await sample(plain), await sample(normalised)];
    const factor = plain.config.scalingFactor;
    const expected = raw.map(
      (value, i) => (value - means[Math.floor(i / AREA)]! * factor) / deviations[Math.floor(i / AREA)]!,
    );
    const largest = scaled.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
    expect(largest).toBeLessThan(1e-5);
    await Promise.all([plain.release(), normalised.release()]);
  });

  it.skipIf(eightBitInstructions() === undefined)(
    'decodes in 8 bits nearly what it decodes in fp32, and encodes in float',
    async () => {
      const [exact, near] = [await open(), await open({}, files.weights, 'int8')];
      const latents = [new TorchGenerator(6).randn(4 * AREA)];
      const [[expected], [actual]] = [await exact.decode(latents, SIZE), await near.decode(latents, SIZE)];
      const largest = largestDifference(actual, expected);
      expect(largest).toBeGreaterThan(0);
      expect(largest).toBeLessThan(12);
      const [whole, encoded] = [await exact.encode(expected!), await near.encode(expected!)];
      expect(encoded(new TorchGenerator(2))).toEqual(whole(new TorchGenerator(2)));
      await Promise.all([exact.release(), near.release()]);
    },
  );

  it('previews small latents as they are and large ones averaged down', async () => {
    const vae = await open();
    const large = { channels: 4, height: 40, width: 24 };
    expect(await vae.preview(new TorchGenerator(3).randn(4 * AREA), SIZE, AREA)).toMatchObject({
      width: 64,
      height: 64,
    });
    expect(await vae.preview(new TorchGenerator(3).randn(4 * 40 * 24), large, 256)).toMatchObject({
      width: 96,
      height: 160,
    });
    await vae.release();
  });

  it('says that damaged weights gave no picture, instead of a black one', async () => {
    const file = path.join(folder, 'damaged.safetensors');
    writeTensors(file, [{ name: 'decoder.conv_out.bias', shape: [3], data: Float32Array.of(0, NaN, 0) }]);
    const { tensors: damaged } = await openSafetensors(file);
    const vae = await open({}, overlay(file, files.weights, damaged));
    const decoded = vae.decode([new TorchGenerator(4).randn(4 * AREA)], SIZE);
    await expect(decoded).rejects.toMatchObject({ code: 'model.nan' });
    await vae.release();
  });
});
