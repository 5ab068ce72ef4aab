/**
 * The published LCM-LoRA for SD 1.5 is known to the last byte of its header: names, shapes, order, offsets. A twin with
 * that very header and zeros for weights (a sparse file, which takes no space) is opened and matched.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspectLora, matchLora, openLora } from '../../../../src/engine/weights/index.ts';
import { twinHeader, writeTwin, type TwinModule } from '../../../support/lora-twin.ts';

const PUBLISHED = {
  bytes: 134_621_556,
  headerBytes: 116_544,
  headerSha256: '3ca15dde66470e73c8d68dbb9ab64d6e7ad014f525b58193a9a3b161eb6cc263',
};
const CHANNELS = [320, 640, 1280, 1280] as const;
const TIME = 1280;
const TEXT = 768;

/** The modules of SD 1.5's UNet that LCM-LoRA targets. */
function sd15Modules(): readonly TwinModule[] {
  const modules: TwinModule[] = [];
  const add = (module: string, ...shape: readonly number[]) => modules.push({ module, shape });
  const resnet = (at: string, inputs: number, out: number) => {
    add(`${at}.conv1`, out, inputs, 3, 3);
    add(`${at}.time_emb_proj`, out, TIME);
    add(`${at}.conv2`, out, out, 3, 3);
    if (inputs !== out) {
      add(`${at}.conv_shortcut`, out, inputs, 1, 1);
    }
  };
  const attention = (at: string, c: number) => {
    add(`${at}.proj_in`, c, c, 1, 1);
    const block = `${at}.transformer_blocks.0`;
    for (const [attn, context] of [
      ['attn1', c],
      ['attn2', TEXT],
    ] as const) {
      add(`${block}.${attn}.to_q`, c, c);
      add(`${block}.${attn}.to_k`, c, context);
      add(`${block}.${attn}.to_v`, c, context);
      add(`${block}.${attn}.to_out.0`, c, c);
    }
    add(`${block}.ff.net.0.proj`, 8 * c, c);
    add(`${block}.ff.net.2`, c, 4 * c);
    add(`${at}.proj_out`, c, c, 1, 1);
  };
  const skips: number[] = [CHANNELS[0]];
  let width: number = CHANNELS[0];
  CHANNELS.forEach((c, block) => {
    for (let layer = 0; layer < 2; layer++) {
      resnet(`down_blocks.${block}.resnets.${layer}`, width, c);
      if (block < 3) {
        attention(`down_blocks.${block}.attentions.${layer}`, c);
      }
      width = c;
      skips.push(c);
    }
    if (block < 3) {
      add(`down_blocks.${block}.downsamplers.0.conv`, c, c, 3, 3);
      skips.push(c);
    }
  });
  resnet('mid_block.resnets.0', width, width);
  attention('mid_block.attentions.0', width);
  resnet('mid_block.resnets.1', width, width);
  [...CHANNELS].reverse().forEach((c, block) => {
    for (let layer = 0; layer < 3; layer++) {
      resnet(`up_blocks.${block}.resnets.${layer}`, width + (skips.pop() ?? 0), c);
      if (block > 0) {
        attention(`up_blocks.${block}.attentions.${layer}`, c);
      }
      width = c;
    }
    if (block < 3) {
      add(`up_blocks.${block}.upsamplers.0.conv`, c, c, 3, 3);
    }
  });
  return modules;
}

describe('the twin of the published LCM-LoRA for SD 1.5', () => {
  const modules = sd15Modules();
  const { json, dataBytes } = twinHeader({ modules });
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-twin-'));
    file = path.join(folder, 'lcm-lora-sdv1-5.safetensors');
    await writeTwin(file, { modules });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('has the published header to the byte', () => {
    expect(json.length).toBe(PUBLISHED.headerBytes);
    expect(createHash('sha256').update(json).digest('hex')).toBe(PUBLISHED.headerSha256);
    expect(8 + json.length + dataBytes).toBe(PUBLISHED.bytes);
  });

  it('matches 278 of its 278 modules', async () => {
    const match = matchLora(await openLora(file), { base: 'sd15', nets: { unet: modules } });
    expect(match).toMatchObject({ matched: 278, modules: 278, unmatched: [] });
    expect(new Set(match.parts.unet.map(({ module }) => module))).toEqual(new Set(modules.map(({ module }) => module)));
  });

  it('is reported as a LoCon of rank 64 for SD 1.5', async () => {
    expect(await inspectLora(file)).toMatchObject({
      kind: 'LoCon',
      isUsable: true,
      ranks: [64],
      targets: { unet: 278, textEncoders: 0 },
      base: 'sd15',
      strays: 0,
    });
  });

  it('is refused for SDXL with both names', async () => {
    const lora = await openLora(file);
    expect(() => matchLora(lora, { base: 'sdxl', nets: { unet: modules } })).toThrow(
      /Stable Diffusion XL.*Stable Diffusion 1\.5/,
    );
  });
});
