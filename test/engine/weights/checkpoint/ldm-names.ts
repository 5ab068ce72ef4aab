/**
 * The tensor names of the published single-file checkpoints, spelled out from their structure. make_checkpoint.py does
 * the same in Python and hands them to diffusers.
 */
const BOTH = ['.weight', '.bias'] as const;

function both(prefix: string, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => BOTH.map((end) => prefix + name + end));
}

function range(length: number): readonly number[] {
  return Array.from({ length }, (_, i) => i);
}

function resnet(at: string, changes: boolean): readonly string[] {
  const shortcut = changes ? ['skip_connection'] : [];
  return both(`${at}.`, ['in_layers.0', 'in_layers.2', 'emb_layers.1', 'out_layers.0', 'out_layers.3', ...shortcut]);
}

function attention(at: string, depth: number): readonly string[] {
  const blocks = range(depth).flatMap((i) => {
    const block = `${at}.transformer_blocks.${i}.`;
    const attentions = ['attn1', 'attn2'].flatMap((attn) => [
      ...['q', 'k', 'v'].map((projection) => `${block}${attn}.to_${projection}.weight`),
      ...both(block, [`${attn}.to_out.0`]),
    ]);
    return [...attentions, ...both(block, ['ff.net.0.proj', 'ff.net.2', 'norm1', 'norm2', 'norm3'])];
  });
  return depth === 0 ? [] : [...both(`${at}.`, ['norm', 'proj_in', 'proj_out']), ...blocks];
}

/** `depths`: of the transformers on each level going down, 0 for none. `widths`: only where they change matters. */
function unet(widths: readonly number[], depths: readonly number[], hasLabel: boolean): readonly string[] {
  const names = [...both('', ['time_embed.0', 'time_embed.2', 'input_blocks.0.0', 'out.0', 'out.2'])];
  names.push(...(hasLabel ? both('label_emb.0.', ['0', '2']) : []));
  widths.forEach((width, level) => {
    const first = 1 + level * 3;
    for (const layer of [0, 1]) {
      names.push(...resnet(`input_blocks.${first + layer}.0`, layer === 0 && level > 0 && widths[level - 1] !== width));
      names.push(...attention(`input_blocks.${first + layer}.1`, depths[level] ?? 0));
    }
    names.push(...(level < widths.length - 1 ? both(`input_blocks.${first + 2}.0.`, ['op']) : []));
  });
  const deepest = depths.at(-1) ?? 0;
  names.push(
    ...resnet('middle_block.0', false),
    ...attention('middle_block.1', deepest === 0 ? 1 : deepest),
    ...resnet('middle_block.2', false),
  );
  [...depths].reverse().forEach((depth, block) => {
    for (const layer of [0, 1, 2]) {
      names.push(
        ...resnet(`output_blocks.${block * 3 + layer}.0`, true),
        ...attention(`output_blocks.${block * 3 + layer}.1`, depth),
      );
    }
    names.push(
      ...(block < depths.length - 1 ? both(`output_blocks.${block * 3 + 2}.${depth === 0 ? 1 : 2}.`, ['conv']) : []),
    );
  });
  return names;
}

export const SD15_UNET = unet([320, 640, 1280, 1280], [1, 1, 1, 0], false);
export const SDXL_UNET = unet([320, 640, 1280], [0, 2, 10], true);

export const VAE = [
  ...both('', ['quant_conv', 'post_quant_conv']),
  ...[
    { side: 'encoder', way: 'down', resample: 'downsample', layers: 2, resampled: [0, 1, 2], shortcuts: [1, 2] },
    { side: 'decoder', way: 'up', resample: 'upsample', layers: 3, resampled: [1, 2, 3], shortcuts: [0, 1] },
  ].flatMap(({ side, way, resample, layers, resampled, shortcuts }) => [
    ...both(`${side}.`, ['conv_in', 'norm_out', 'conv_out']),
    ...[1, 2].flatMap((i) => both(`${side}.mid.block_${i}.`, ['norm1', 'conv1', 'norm2', 'conv2'])),
    ...both(`${side}.mid.attn_1.`, ['norm', 'q', 'k', 'v', 'proj_out']),
    ...range(4).flatMap((level) =>
      range(layers).flatMap((layer) =>
        both(`${side}.${way}.${level}.block.${layer}.`, ['norm1', 'conv1', 'norm2', 'conv2']),
      ),
    ),
    ...resampled.flatMap((level) => both(`${side}.${way}.${level}.${resample}.`, ['conv'])),
    ...shortcuts.flatMap((level) => both(`${side}.${way}.${level}.block.0.`, ['nin_shortcut'])),
  ]),
];

export const CLIP = [
  'text_model.embeddings.token_embedding.weight',
  'text_model.embeddings.position_embedding.weight',
  ...both('', ['text_model.final_layer_norm']),
  ...range(12).flatMap((layer) =>
    both(`text_model.encoder.layers.${layer}.`, [
      ...['q', 'k', 'v', 'out'].map((projection) => `self_attn.${projection}_proj`),
      'mlp.fc1',
      'mlp.fc2',
      'layer_norm1',
      'layer_norm2',
    ]),
  ),
];

export const OPEN_CLIP = [
  'token_embedding.weight',
  'positional_embedding',
  ...both('', ['ln_final']),
  'text_projection',
  ...range(32).flatMap((layer) => [
    ...both(`transformer.resblocks.${layer}.`, ['ln_1', 'ln_2', 'mlp.c_fc', 'mlp.c_proj', 'attn.out_proj']),
    `transformer.resblocks.${layer}.attn.in_proj_weight`,
    `transformer.resblocks.${layer}.attn.in_proj_bias`,
  ]),
];
