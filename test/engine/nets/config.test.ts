/** config.json as diffusers and transformers write it, and what is said of one that is not built. */
import { describe, expect, it } from 'vitest';

import {
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  parseClipTextConfig,
  parseUNetConfig,
} from '../../../src/engine/nets/index.ts';
import { goldenConfig } from '../../support/net-case.ts';

function changed(model: string, part: string, changes: Readonly<Record<string, unknown>>): unknown {
  return { ...Object(goldenConfig(model, part)), ...changes };
}

describe('parseUNetConfig', () => {
  it('reads attention_head_dim as the number of heads, for all levels or one for each', () => {
    expect(parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15').down.map((block) => block.heads)).toEqual([
      4, 4, 4, 4,
    ]);
    expect(parseUNetConfig(goldenConfig('sdxl', 'unet'), 'sdxl').up.map((block) => block.heads)).toEqual([4, 4, 2]);
  });

  it('reverses the depths of transformers on the way up unless a list for it is given', () => {
    const sdxl = parseUNetConfig(goldenConfig('sdxl', 'unet'), 'sdxl');
    expect(sdxl.down.map((block) => block.transformers)).toEqual([
      [undefined, undefined],
      [2, 2],
      [3, 3],
    ]);
    expect(sdxl.up.map((block) => block.transformers)).toEqual([
      [3, 3, 3],
      [2, 2, 2],
      [undefined, undefined, undefined],
    ]);
    expect(sdxl.mid).toEqual({ kind: 'attention', depth: 3, heads: 4 });
    const ssd1b = parseUNetConfig(goldenConfig('ssd1b', 'unet'), 'ssd1b');
    expect(ssd1b.up.map((block) => block.transformers)).toEqual([
      [2, 2, 3],
      [2, 1, 1],
      [undefined, undefined, undefined],
    ]);
    expect(ssd1b.mid).toEqual({ kind: 'resnet' });
  });

  it('takes the defaults of diffusers where a field is absent', () => {
    const config = parseUNetConfig({}, 'defaults');
    expect(config.down.map((block) => block.channels)).toEqual([320, 640, 1280, 1280]);
    expect(config.down.map((block) => block.resizes)).toEqual([true, true, true, false]);
    expect(config).toMatchObject({
      inChannels: 4,
      contextFeatures: 1280,
      groups: 32,
      textTime: undefined,
      guidanceFeatures: undefined,
    });
  });

  it.each([
    ['class_embed_type', 'timestep'],
    ['dual_cross_attention', true],
    ['resnet_time_scale_shift', 'scale_shift'],
    ['encoder_hid_dim_type', 'text_proj'],
    ['addition_embed_type', 'image'],
    ['act_fn', 'gelu'],
    ['down_block_types', ['ResnetDownsampleBlock2D']],
    ['block_out_channels', 'many'],
  ])('refuses %s = %j in a sentence that names both', (field, value) => {
    const attempt = (): unknown => parseUNetConfig(changed('sd15', 'unet', { [field]: value }), 'unet/config.json');
    expect(attempt).toThrow(expect.objectContaining({ code: 'model.config' }));
    expect(attempt).toThrow(field);
    expect(attempt).toThrow('unet/config.json');
  });

  it('refuses lists of blocks of different length', () => {
    expect(() => parseUNetConfig(changed('sd15', 'unet', { block_out_channels: [16, 32] }), 'x')).toThrow(
      /as many down_block_types/,
    );
  });
});

describe('parseClipTextConfig', () => {
  it('projects only where the architecture says so', () => {
    expect(parseClipTextConfig(goldenConfig('sdxl', 'text_encoder'), 'x').projectionFeatures).toBeUndefined();
    expect(parseClipTextConfig(goldenConfig('sdxl', 'text_encoder_2'), 'x').projectionFeatures).toBe(32);
  });

  it('refuses another architecture', () => {
    expect(() => parseClipTextConfig({ architectures: ['T5EncoderModel'] }, 'x')).toThrow(/T5EncoderModel/);
  });
});

describe('the autoencoders', () => {
  it('say how latents are scaled', () => {
    expect(parseAutoencoderKLConfig(goldenConfig('sdxl', 'vae'), 'x')).toMatchObject({
      scalingFactor: 0.13025,
      shiftFactor: 0,
      scale: 8,
    });
    expect(parseAutoencoderTinyConfig(goldenConfig('taesd', 'vae'), 'x')).toMatchObject({
      scalingFactor: 1,
      shiftFactor: 0,
      scale: 8,
    });
  });

  it('may have stages without blocks', () => {
    const config = parseAutoencoderTinyConfig({ num_encoder_blocks: [0, 1, 2, 3] }, 'x');
    expect(config.encoder.map((stage) => stage.blocks)).toEqual([0, 1, 2, 3]);
  });
});
