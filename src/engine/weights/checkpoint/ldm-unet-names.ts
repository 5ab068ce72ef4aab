/**
 * UNet names of the original latent-diffusion code (`input_blocks.4.1…`) and of diffusers (`down_blocks.1.attentions.0…`).
 * Single-file checkpoints use the first for weights, kohya's SDXL LoRAs for modules. Both directions.
 *
 * The original counts one flat list of blocks: after the first convolution `layersPerBlock` layers and a downsampler
 * for each block going down, `layersPerBlock + 1` layers for each going up; within a layer 0 is the resnet, 1 the
 * attention, and the upsampler comes last.
 * Rules as in https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/loaders/single_file_utils.py
 */
import { renameBeginning, type RenameTable } from '../rename-table.ts';

export type UnetTopology = {
  readonly layersPerBlock: number;
  /** Indices of the `up_blocks` that have attentions. */
  readonly upAttention: ReadonlySet<number>;
};

/** Reads the topology off diffusers names (of modules or of tensors). */
export function unetTopology(names: Iterable<string>): UnetTopology {
  const firstLayers = new Set<string>();
  const upAttention = new Set<number>();
  for (const name of names) {
    const layer = /^down_blocks\.0\.resnets\.(\d+)\./.exec(name)?.[1];
    const block = /^up_blocks\.(\d+)\.attentions\./.exec(name)?.[1];
    if (layer !== undefined) {
      firstLayers.add(layer);
    }
    if (block !== undefined) {
      upAttention.add(Number(block));
    }
  }
  return { layersPerBlock: firstLayers.size, upAttention };
}

/** Reads the topology off original names. */
export function ldmTopology(names: Iterable<string>): UnetTopology {
  let firstDownsampler = Infinity;
  const attentions = new Set<number>();
  for (const name of names) {
    const down = /^input_blocks\.(\d+)\.0\.op\./.exec(name)?.[1];
    const up = /^output_blocks\.(\d+)\.1\.transformer_blocks\./.exec(name)?.[1];
    firstDownsampler = down === undefined ? firstDownsampler : Math.min(firstDownsampler, Number(down));
    if (up !== undefined) {
      attentions.add(Number(up));
    }
  }
  const layersPerBlock = Number.isFinite(firstDownsampler) ? firstDownsampler - 1 : 2;
  return {
    layersPerBlock,
    upAttention: new Set([...attentions].map((flat) => Math.floor(flat / (layersPerBlock + 1)))),
  };
}

/** The original name of a diffusers module or tensor; undefined for a name that is no UNet's. */
export function toLdmUnetName(name: string, { layersPerBlock, upAttention }: UnetTopology): string | undefined {
  const top = renameBeginning(TOP, name, 'from diffusers');
  if (top !== undefined) {
    return top;
  }
  const { stage, block, kind, layer, rest } = DIFFUSERS.exec(name)?.groups ?? {};
  const inner = kind === 'resnets' ? renameBeginning(RESNET, rest ?? '', 'from diffusers') : rest;
  if (stage === undefined || kind === undefined || inner === undefined) {
    return undefined;
  }
  const first = Number(block ?? 0) * (layersPerBlock + 1);
  switch (stage) {
    case 'mid_block':
      return `middle_block.${kind === 'attentions' ? 1 : Number(layer) * 2}.${inner}`;
    case 'down_blocks':
      return kind === 'downsamplers'
        ? `input_blocks.${first + layersPerBlock + 1}.0.${inner.replace(/^conv\b/, 'op')}`
        : `input_blocks.${first + Number(layer) + 1}.${kind === 'attentions' ? 1 : 0}.${inner}`;
    default:
      return kind === 'upsamplers'
        ? `output_blocks.${first + layersPerBlock}.${upAttention.has(Number(block)) ? 2 : 1}.${inner}`
        : `output_blocks.${first + Number(layer)}.${kind === 'attentions' ? 1 : 0}.${inner}`;
  }
}

/** The diffusers name of an original one; undefined for a name that is no UNet's. */
export function fromLdmUnetName(name: string, { layersPerBlock, upAttention }: UnetTopology): string | undefined {
  const top = renameBeginning(TOP, name, 'to diffusers');
  if (top !== undefined) {
    return top;
  }
  const { stage, index, sub, inner } = LDM.exec(name)?.groups ?? {};
  const middle = LDM_MIDDLE.exec(name)?.groups;
  if (middle !== undefined) {
    return place(
      'mid_block',
      middle['index'] === '1' ? 'attentions' : 'resnets',
      middle['index'] === '2' ? 1 : 0,
      middle['inner'] ?? '',
    );
  }
  if (stage === undefined || inner === undefined) {
    return undefined;
  }
  const flat = stage === 'input_blocks' ? Number(index) - 1 : Number(index);
  const block = Math.floor(flat / (layersPerBlock + 1));
  const layer = flat % (layersPerBlock + 1);
  if (stage === 'input_blocks') {
    return inner.startsWith('op.') || inner === 'op'
      ? place(`down_blocks.${block}`, 'downsamplers', 0, inner.replace(/^op\b/, 'conv'))
      : place(`down_blocks.${block}`, sub === '1' ? 'attentions' : 'resnets', layer, inner);
  }
  const upsamplerSub = upAttention.has(block) ? '2' : '1';
  if (sub === upsamplerSub) {
    return place(`up_blocks.${block}`, 'upsamplers', 0, inner);
  }
  return place(`up_blocks.${block}`, sub === '1' ? 'attentions' : 'resnets', layer, inner);
}

function place(stage: string, kind: string, layer: number, inner: string): string | undefined {
  const rest = kind === 'resnets' ? renameBeginning(RESNET, inner, 'to diffusers') : inner;
  return rest === undefined ? undefined : `${stage}.${kind}.${layer}.${rest}`;
}

const DIFFUSERS =
  /^(?<stage>mid_block|(?:down|up)_blocks)(?:(?<=blocks)\.(?<block>\d+))?\.(?<kind>resnets|attentions|downsamplers|upsamplers)\.(?<layer>\d+)\.(?<rest>.+)$/;
const LDM = /^(?<stage>(?:in|out)put_blocks)\.(?<index>\d+)\.(?<sub>\d)\.(?<inner>.+)$/;
const LDM_MIDDLE = /^middle_block\.(?<index>[012])\.(?<inner>.+)$/;

const TOP: RenameTable = [
  ['time_embedding.linear_1', 'time_embed.0'],
  ['time_embedding.cond_proj', 'time_embed.cond_proj'],
  ['time_embedding.linear_2', 'time_embed.2'],
  ['add_embedding.linear_1', 'label_emb.0.0'],
  ['add_embedding.linear_2', 'label_emb.0.2'],
  ['conv_in', 'input_blocks.0.0'],
  ['conv_norm_out', 'out.0'],
  ['conv_out', 'out.2'],
];

const RESNET: RenameTable = [
  ['norm1', 'in_layers.0'],
  ['conv1', 'in_layers.2'],
  ['time_emb_proj', 'emb_layers.1'],
  ['norm2', 'out_layers.0'],
  ['conv2', 'out_layers.3'],
  ['conv_shortcut', 'skip_connection'],
];
