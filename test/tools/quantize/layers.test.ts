/** The sweep over a small UNet, one of whose layers no 8 bits can hold. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildUNet, loweringFor, NO_WEIGHTS, parseUNetConfig } from '../../../src/engine/nets/index.ts';
import { eightBitInstructions } from '../../../src/engine/ort/index.ts';
import { sweepLayers } from '../../../src/tools/quantize/layers.ts';
import { floats, given, goldenConfig, randomSource } from '../../support/net-case.ts';
import { writeTensors } from '../../support/safetensors-file.ts';

const WORST = 'down_blocks.0.resnets.0.conv2';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-sweep-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(eightBitInstructions() === undefined)(
  'the sweep over layers (a processor with instructions for 8 bits)',
  () => {
    it('names every layer that the rule takes in 8 bits, the worst first, and sums them up by kind', async () => {
      const sizes = {
        block_out_channels: [32, 32],
        down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
        layers_per_block: 1,
        sample_size: 32,
      };
      const config = parseUNetConfig({ ...Object(goldenConfig('sd15', 'unet')), ...sizes }, 'test');
      const float = loweringFor({ provider: 'cpu' });
      const random = randomSource(folder, 'sweep', buildUNet(config, NO_WEIGHTS, { lowering: float }));
      // One weight of each output is so large that the others all become 0 beside it.
      const tensors = await Promise.all(
        random.names.map(async (name) => {
          const data = await random.readFloats(name);
          const shape = random.get(name)?.shape ?? [];
          const perOutput = data.length / (shape[0] ?? 1);
          const isWorst = name === `${WORST}.weight`;
          return { name, shape, data: isWorst ? data.map((w, k) => (k % perOutput === 0 ? 300 * w : w)) : data };
        }),
      );
      const weights = writeTensors(path.join(folder, 'uneven.safetensors'), tensors);
      const feeds = {
        sample: given('sweep/sample', 1, 4, 8, 8),
        timestep: floats([999]),
        encoder_hidden_states: given('sweep/context', 1, 77, 32),
      };
      const said: string[] = [];
      const report = await sweepLayers({
        config,
        weights,
        calls: [feeds, { ...feeds, timestep: floats([259]) }],
        cacheDir: folder,
        say: (line) => said.push(line),
      });
      const names = report.layers.map(({ layer }) => layer);
      expect(names).toContain('mid_block.attentions.0.proj_in');
      expect(names).not.toContain('conv_in');
      expect(new Set(names).size).toBe(report.all.count);
      expect(said.at(-1)).toContain(`of ${names.length} layers`);

      expect(names[0]).toBe(WORST);
      const [worst, second] = report.layers;
      expect(worst?.difference).toBeGreaterThan(3 * (second?.difference ?? 1));
      expect(report.layers.every(({ difference }) => difference > 0)).toBe(true);
      // Errors of many layers add up like steps in random directions.
      expect(report.all.difference).toBeGreaterThan(0.5 * (worst?.difference ?? 1));

      expect(report.kinds.reduce((sum, { count }) => sum + count, 0)).toBe(names.length);
      const conv2 = report.kinds.find(({ kind }) => kind === 'resnets.conv2');
      expect(conv2?.worst).toBe(worst?.difference);
      expect(report.kinds[0]?.kind).toBe('resnets.conv2');
      expect(report.all.gain).toBeLessThan(1);
    });
  },
);
