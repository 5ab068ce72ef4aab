import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  inspectLora,
  loraModules,
  matchLora,
  mergeLora,
  openAddProduct,
  openLora,
  openSafetensors,
  readLoraMatrices,
  type LoraModule,
} from '../../../../src/engine/weights/index.ts';
import { Scratch, type FloatTensor } from '../scratch.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await Scratch.make();
});
afterEach(() => scratch.remove());

const STEM = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q';
const MODULE: LoraModule = { module: 'mid_block.attentions.0.transformer_blocks.0.attn1.to_q', shape: [3, 2] };
/** Rank 2, in 2, out 3. */
const PAIR = { [`${STEM}.lora_down.weight`]: { shape: [2, 2] }, [`${STEM}.lora_up.weight`]: { shape: [3, 2] } };
const UNET = { base: 'other', nets: { unet: [MODULE] } } as const;

function alpha(value: number, shape: readonly number[] = []): Record<string, FloatTensor> {
  return { [`${STEM}.alpha`]: { shape, values: [value] } };
}

describe('the scale of a module', () => {
  it.each([
    { what: 'alpha over rank', tensors: { ...PAIR, ...alpha(1) }, scale: 0.5 },
    { what: 'alpha over rank when alpha is a list of one', tensors: { ...PAIR, ...alpha(4, [1]) }, scale: 2 },
    { what: '1 without an alpha', tensors: PAIR, scale: 1 },
    { what: '1 for an alpha of 0, which kohya’s trainer writes for none', tensors: { ...PAIR, ...alpha(0) }, scale: 1 },
  ])('is $what', async ({ tensors, scale }) => {
    const lora = await openLora(await scratch.floats('a.safetensors', tensors));
    expect(lora.groups).toMatchObject([{ rank: 2, scale }]);
  });

  const dotted = 'mid_block.attentions.0.transformer_blocks.0.attn1.to_q';
  const peft = (prefix: string) => ({
    [`${prefix}${dotted}.lora_A.weight`]: { shape: [2, 2] },
    [`${prefix}${dotted}.lora_B.weight`]: { shape: [3, 2] },
  });
  it.each([
    { what: 'the common one', config: { 'unet.lora_alpha': 8 }, scale: 4 },
    {
      what: 'the module’s own',
      config: { 'unet.lora_alpha': 8, 'unet.alpha_pattern': { 'attn1.to_q': 3 } },
      scale: 1.5,
    },
    {
      what: 'over the root of the rank where stabilised',
      config: { 'unet.lora_alpha': 8, 'unet.use_rslora': true },
      scale: 8 / Math.SQRT2,
    },
    { what: 'none of another net', config: { 'text_encoder.lora_alpha': 8 }, scale: 1 },
  ])('comes from diffusers’ note in the header: $what', async ({ config, scale }) => {
    const file = await scratch.floats('a.safetensors', peft('unet.'), {
      lora_adapter_metadata: JSON.stringify(config),
    });
    expect((await openLora(file)).groups[0]?.scale).toBeCloseTo(scale, 6);
  });

  it('comes from PEFT’s own config beside its file', async () => {
    const file = await scratch.floats('adapter_model.safetensors', peft('base_model.model.'));
    await writeFile(scratch.path('adapter_config.json'), JSON.stringify({ lora_alpha: 16, r: 2 }));
    const lora = await openLora(file);
    expect(lora.groups[0]?.scale).toBe(8);
    expect(matchLora(lora, UNET).matched).toBe(1);
  });
});

describe('a file that cannot be applied is refused by name', () => {
  it.each([
    { kind: 'OFT', tensor: `${STEM}.oft_blocks` },
    { kind: 'BOFT', tensor: `${STEM}.boft_R` },
    { kind: 'VeRA', tensor: `${STEM}.vera_lambda_b` },
  ])('$kind', async ({ kind, tensor }) => {
    const file = await scratch.floats('a.safetensors', { ...PAIR, [tensor]: { shape: [1] } });
    await expect(openLora(file)).rejects.toMatchObject({ code: 'lora.kind', params: { kind } });
    expect(await inspectLora(file)).toMatchObject({ kind, isUsable: false });
  });

  it('a whole checkpoint', async () => {
    const file = await scratch.floats('a.safetensors', { 'model.diffusion_model.out.2.weight': { shape: [1] } });
    await expect(openLora(file)).rejects.toMatchObject({ code: 'lora.empty' });
  });

  it.each([
    { what: 'ranks that differ', tensors: { ...PAIR, [`${STEM}.lora_up.weight`]: { shape: [3, 4] } } },
    { what: 'a vector for a matrix', tensors: { ...PAIR, [`${STEM}.lora_down.weight`]: { shape: [4] } } },
    { what: 'a kernel in up', tensors: { ...PAIR, [`${STEM}.lora_up.weight`]: { shape: [3, 2, 3, 3] } } },
    { what: 'a list of alphas', tensors: { ...PAIR, [`${STEM}.alpha`]: { shape: [2] } } },
  ])('matrices that cannot be multiplied: $what', async ({ tensors }) => {
    await expect(openLora(await scratch.floats('a.safetensors', tensors))).rejects.toMatchObject({
      code: 'lora.shape',
    });
  });

  it('more modules than any model has, before anything is made of them', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 20_001 }, (_, k) => [`lora_unet_b${k}.lora_down.weight`, { shape: [0] }]),
    );
    await expect(openLora(await scratch.floats('a.safetensors', many))).rejects.toMatchObject({
      code: 'lora.modules',
      params: { modules: 20_001 },
    });
  });

  it('an alpha that is no number', async () => {
    const tensors = { ...PAIR, [`${STEM}.alpha`]: { shape: [], values: [NaN] } };
    await expect(openLora(await scratch.floats('a.safetensors', tensors))).rejects.toMatchObject({
      code: 'weights.nan',
      params: { tensor: `${STEM}.alpha` },
    });
  });

  it('NaN in a matrix', async () => {
    const file = await scratch.floats('a.safetensors', {
      ...PAIR,
      [`${STEM}.lora_up.weight`]: { shape: [3, 2], values: [1, 2, NaN, 4, 5, 6] },
    });
    const match = matchLora(await openLora(file), UNET);
    await expect(readLoraMatrices(file, match.parts.unet)).rejects.toMatchObject({ code: 'weights.nan' });
  });
});

describe('what other programs write', () => {
  it.each([
    { type: 'I64', bytes: new Uint8Array(BigInt64Array.of(4n).buffer) },
    { type: 'I32', bytes: new Uint8Array(Int32Array.of(4).buffer) },
    { type: 'U8', bytes: Uint8Array.of(4) },
    { type: 'F64', bytes: new Uint8Array(Float64Array.of(4).buffer) },
    { type: 'BF16', bytes: Uint8Array.of(0x80, 0x40) },
    { type: 'F16', bytes: Uint8Array.of(0x00, 0x44) },
    { type: 'F8_E4M3', bytes: Uint8Array.of(0x48) },
  ])('an alpha of type $type is read, in any shape of one number', async ({ type, bytes }) => {
    for (const shape of [[], [1], [1, 1]]) {
      const header = {
        [`${STEM}.lora_down.weight`]: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
        [`${STEM}.lora_up.weight`]: { dtype: 'F32', shape: [3, 2], data_offsets: [16, 40] },
        [`${STEM}.alpha`]: { dtype: type, shape, data_offsets: [40, 40 + bytes.length] },
      };
      const data = new Uint8Array(40 + bytes.length);
      data.set(bytes, 40);
      const lora = await openLora(await scratch.raw('a.safetensors', header, data));
      expect(lora.groups).toMatchObject([{ alpha: 4, scale: 2 }]);
    }
  });

  const module = 'mid_block.attentions.0.transformer_blocks.0.attn1.to_q';
  it.each([
    {
      program: 'PEFT with a named adapter',
      down: `unet.${module}.lora_A.default_1.weight`,
      up: `unet.${module}.lora_B.default_1.weight`,
    },
    {
      program: 'PEFT in its wrapper',
      down: `unet.${module}.base_layer.lora_A.weight`,
      up: `unet.${module}.base_layer.lora_B.weight`,
    },
    {
      program: 'PEFT inside a prefix',
      down: `unet.base_model.model.${module}.lora_A.weight`,
      up: `unet.base_model.model.${module}.lora_B.weight`,
    },
    {
      program: 'ComfyUI',
      down: 'diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q.lora_down.weight',
      up: 'diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q.lora_up.weight',
    },
    {
      program: 'OneTrainer',
      down: 'unet.middle_block.1.transformer_blocks.0.attn1.to_q.lora_down.weight',
      up: 'unet.middle_block.1.transformer_blocks.0.attn1.to_q.lora_up.weight',
    },
  ])('a UNet’s module as $program spells it finds its place', async ({ down, up }) => {
    const file = await scratch.floats('a.safetensors', {
      [down]: { shape: [2, 2] },
      [up]: { shape: [3, 2] },
      [`unet.${module}.base_layer.weight`]: { shape: [3, 2] },
    });
    expect(matchLora(await openLora(file), UNET)).toMatchObject({ matched: 1, unmatched: [] });
  });

  const layer = 'text_model.encoder.layers.0.self_attn.q_proj';
  it.each([
    { prefix: 'clip_l.', net: 'text_encoder' },
    { prefix: 'clip_g.', net: 'text_encoder_2' },
    { prefix: 'lora_te1.', net: 'text_encoder' },
    { prefix: 'lora_te2.', net: 'text_encoder_2' },
    { prefix: 'text_encoders.clip_l.transformer.', net: 'text_encoder' },
    { prefix: 'text_encoders.clip_g.transformer.', net: 'text_encoder_2' },
    { prefix: 'text_encoder.base_model.model.', net: 'text_encoder' },
  ] as const)('a text encoder’s module below $prefix is one of $net, and counted as one', async ({ prefix, net }) => {
    const file = await scratch.floats('a.safetensors', {
      [`${prefix}${layer}.lora_down.weight`]: { shape: [2, 2] },
      [`${prefix}${layer}.lora_up.weight`]: { shape: [3, 2] },
    });
    const modules = {
      text_encoder: [{ module: layer, shape: [3, 2] }],
      text_encoder_2: [{ module: layer, shape: [3, 2] }],
    };
    const match = matchLora(await openLora(file), { base: 'sdxl', nets: modules });
    expect(match.parts[net].length).toBe(1);
    expect(await inspectLora(file)).toMatchObject({ targets: { unet: 0, textEncoders: 1 } });
  });

  it('metadata that is null counts as none', async () => {
    const own = { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] };
    const header = {
      [`${STEM}.lora_down.weight`]: own,
      [`${STEM}.lora_up.weight`]: { ...own, data_offsets: [16, 32] },
    };
    for (const metadata of [null, { title: null }]) {
      const file = await scratch.raw('a.safetensors', { __metadata__: metadata, ...header }, new Uint8Array(32));
      expect((await openLora(file)).groups.length).toBe(1);
    }
  });

  it('metadata that is a number is refused with the value', async () => {
    const file = await scratch.raw('a.safetensors', { __metadata__: { ss_network_dim: 4 } });
    await expect(openLora(file)).rejects.toThrow(/its metadata must be text, and "ss_network_dim" is 4/);
  });

  it('counts of 500,000 tags are read, and as many notes and equally common ones', async () => {
    const tags = Object.fromEntries(Array.from({ length: 500_000 }, (_, i) => [`t${i}`, i === 7 ? 40 : 1]));
    const file = await scratch.floats('a.safetensors', PAIR, { ss_tag_frequency: JSON.stringify({ '1_set': tags }) });
    expect((await inspectLora(file)).triggers).toEqual(['t7']);
    const equal = JSON.stringify({ '1_set': Object.fromEntries(Object.keys(tags).map((tag) => [tag, 3])) });
    const notes = Object.keys(tags).join(', ');
    const other = await scratch.floats('b.safetensors', PAIR, { ss_tag_frequency: equal, trigger_words: notes });
    expect((await inspectLora(other)).triggers).toHaveLength(8);
  });

  it('20,000 modules that no model has are counted, with their names and ranks', async () => {
    const header = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, k) => [
        `lora_unet_down_blocks_2_transformer_blocks_${k}_to_q.diff`,
        { dtype: 'F16', shape: [1, 1], data_offsets: [2 * k, 2 * k + 2] },
      ]),
    );
    const file = await scratch.raw('a.safetensors', header, new Uint8Array(40_000));
    await expect(inspectLora(file)).resolves.toMatchObject({ targets: { unet: 20_000 } });
  });
});

describe('matching', () => {
  it('reports what fits nothing, and half pairs, and drops none in silence', async () => {
    const file = await scratch.floats('a.safetensors', {
      ...PAIR,
      'lora_unet_elsewhere.lora_down.weight': { shape: [2, 2] },
      'lora_unet_elsewhere.lora_up.weight': { shape: [3, 2] },
      'lora_unet_half.lora_down.weight': { shape: [2, 2] },
      'bundle_emb.x': { shape: [1] },
    });
    const match = matchLora(await openLora(file), UNET);
    expect(match).toMatchObject({ matched: 1, modules: 2 });
    expect([...match.unmatched].sort()).toEqual([
      'bundle_emb.x',
      'lora_unet_elsewhere',
      'lora_unet_half.lora_down.weight',
    ]);
  });

  it('takes a 1×1 convolution’s pair for a matrix and the other way round', async () => {
    const file = await scratch.floats('a.safetensors', {
      [`${STEM}.lora_down.weight`]: { shape: [2, 2, 1, 1] },
      [`${STEM}.lora_up.weight`]: { shape: [3, 2, 1, 1] },
    });
    expect(matchLora(await openLora(file), UNET).matched).toBe(1);
    const matrix = await scratch.floats('b.safetensors', PAIR);
    expect(
      matchLora(await openLora(matrix), { base: 'other', nets: { unet: [{ ...MODULE, shape: [3, 2, 1, 1] }] } })
        .matched,
    ).toBe(1);
  });

  it.each([
    { width: 768, base: 'sdxl', says: /Stable Diffusion XL, but "a\.safetensors" was made for Stable Diffusion 1\.5/ },
    { width: 2048, base: 'sd15', says: /Stable Diffusion 1\.5, but "a\.safetensors" was made for Stable Diffusion XL/ },
    { width: 1024, base: 'sd15', says: /made for Stable Diffusion 2/ },
  ] as const)('refuses a LoRA over text of width $width for $base with both names', async ({ width, base, says }) => {
    const stem = STEM.replace('attn1_to_q', 'attn2_to_k');
    const file = await scratch.floats('a.safetensors', {
      [`${stem}.lora_down.weight`]: { shape: [2, width] },
      [`${stem}.lora_up.weight`]: { shape: [3, 2] },
    });
    const lora = await openLora(file);
    expect(() => matchLora(lora, { base, nets: { unet: [MODULE] } })).toThrow(says);
  });

  it.each([128, 192])('knows a LoRA of moji over text of width %i by what it says', async (width) => {
    const stem = STEM.replace('attn1_to_q', 'attn2_to_k');
    const tensors = {
      [`${stem}.lora_down.weight`]: { shape: [2, width] },
      [`${stem}.lora_up.weight`]: { shape: [3, 2] },
    };
    const said = await scratch.floats('a.safetensors', tensors, { ss_base_model_version: 'moji' });
    expect(await inspectLora(said)).toMatchObject({ base: 'moji' });
    expect(await inspectLora(await scratch.floats('b.safetensors', tensors))).toMatchObject({ base: undefined });
  });

  it('refuses other shapes and other architectures, and a file of which nothing fits', async () => {
    const lora = await openLora(await scratch.floats('a.safetensors', PAIR));
    expect(() => matchLora(lora, { base: 'other', nets: { unet: [{ ...MODULE, shape: [3, 5] }] } })).toThrow(
      /\[3, 2\] where .* is \[3, 5\]/,
    );
    expect(() => matchLora(lora, { base: 'sd15', nets: { text_encoder: [MODULE] } })).toThrow(/none of the 1 modules/);
    const flux = await openLora(
      await scratch.floats('b.safetensors', {
        'lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight': { shape: [2, 2] },
        'lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight': { shape: [3, 2] },
      }),
    );
    expect(() => matchLora(flux, { base: 'other', nets: { unet: [MODULE] } })).toThrow(/made for Flux/);
  });
});

describe('a LoCon with a core', () => {
  it('is folded so that up · down is the composed kernel', async () => {
    const stem = 'lora_unet_conv_in';
    const values = (length: number, seed: number) => Array.from({ length }, (_, i) => Math.sin(seed + i));
    const [down, mid, up] = [values(2 * 3, 1), values(2 * 2 * 9, 2), values(4 * 2, 3)];
    const file = await scratch.floats('a.safetensors', {
      [`${stem}.lora_down.weight`]: { shape: [2, 3, 1, 1], values: down },
      [`${stem}.lora_mid.weight`]: { shape: [2, 2, 3, 3], values: mid },
      [`${stem}.lora_up.weight`]: { shape: [4, 2, 1, 1], values: up },
    });
    const match = matchLora(await openLora(file), {
      base: 'other',
      nets: { unet: [{ module: 'conv_in', shape: [4, 3, 3, 3] }] },
    });
    const [part] = await readLoraMatrices(file, match.parts.unet);
    const [o, i, tap] = [3, 2, 5];
    let expected = 0;
    let actual = 0;
    for (const m of [0, 1]) {
      actual += part!.up[o * 2 + m]! * part!.down[(m * 3 + i) * 9 + tap]!;
      for (const n of [0, 1]) {
        expected += up[o * 2 + m]! * mid[(m * 2 + n) * 9 + tap]! * down[n * 3 + i]!;
      }
    }
    expect(actual).toBeCloseTo(expected, 5);
  });
});

describe('merging', () => {
  it('adds weight · alpha/rank · up · down to the touched tensor alone, once, and leaves the base as it was', async () => {
    const file = await scratch.floats('a.safetensors', {
      [`${STEM}.lora_down.weight`]: { shape: [2, 2], values: [1, 2, 3, 4] },
      [`${STEM}.lora_up.weight`]: { shape: [3, 2], values: [1, 0, 0, 1, 1, 1] },
      ...alpha(1),
    });
    const weights = await scratch.floats('unet.safetensors', {
      [`${MODULE.module}.weight`]: { shape: [3, 2], values: [10, 20, 30, 40, 50, 60] },
      other: { shape: [1] },
    });
    const base = (await openSafetensors(weights)).tensors;
    let matched = 0;
    const match = async () => {
      matched += 1;
      return matchLora(await openLora(file), { base: 'other', nets: { unet: loraModules(base) } });
    };
    const options = { base, file, match, net: 'unet', cacheDir: scratch.path('cache') } as const;
    const { addProduct, release } = await openAddProduct();
    const merged = await mergeLora({ ...options, weight: 2, addProduct });
    await release();
    expect(Array.from(await merged.readFloats(`${MODULE.module}.weight`))).toEqual([11, 22, 33, 44, 54, 66]);
    expect(merged.get('other')).toEqual(base.get('other'));
    const never = () => Promise.reject(new Error('multiplied again'));
    const again = await mergeLora({ ...options, weight: 2, addProduct: never });
    expect(again.get(`${MODULE.module}.weight`)).toEqual(merged.get(`${MODULE.module}.weight`));
    expect(matched).toBe(1);
    await expect(mergeLora({ ...options, weight: 1, addProduct: never })).rejects.toThrow('multiplied again');
    expect(await mergeLora({ ...options, weight: 0, addProduct: never })).toBe(base);
    expect(Array.from(await base.readFloats(`${MODULE.module}.weight`))).toEqual([10, 20, 30, 40, 50, 60]);
  });
});

describe('the report on a LoRA', () => {
  it('names ranks, alphas, targets, base and trigger words', async () => {
    const text = 'lora_te_text_model_encoder_layers_0_mlp_fc1';
    const file = await scratch.floats(
      'a.safetensors',
      {
        ...PAIR,
        ...alpha(1),
        [`${text}.lora_down.weight`]: { shape: [4, 2] },
        [`${text}.lora_up.weight`]: { shape: [3, 4] },
      },
      {
        ss_base_model_version: 'sd_v1',
        ss_output_name: 'ink',
        ss_sd_model_hash: 'a1'.repeat(16),
        'modelspec.trigger_phrase': 'inkwash, paper',
        ss_tag_frequency: JSON.stringify({ '10_ink': { inkwash: 40, brush: 38, cat: 5 } }),
      },
    );
    expect(await inspectLora(file)).toEqual({
      kind: 'LoRA',
      isUsable: true,
      ranks: [2, 4],
      alphas: [1, 4],
      targets: { unet: 1, textEncoders: 1 },
      base: 'sd15',
      triggers: ['inkwash', 'paper', 'brush'],
      title: 'ink',
      madeFor: 'a1'.repeat(16),
      strays: 0,
      accelerator: { kind: 'none' },
    });
  });

  it('knows the styles of the embedded model', async () => {
    const style = fileURLToPath(new URL('../../../../models/moji/styles/ink.safetensors', import.meta.url));
    expect(await inspectLora(style)).toMatchObject({ base: 'moji', title: 'ink', isUsable: true });
  });

  it('takes broken notes for none', async () => {
    const file = await scratch.floats('a.safetensors', PAIR, {
      ss_tag_frequency: '{"a":',
      lora_adapter_metadata: '[]',
    });
    expect(await inspectLora(file)).toMatchObject({ triggers: [], title: undefined, base: undefined });
  });
});
