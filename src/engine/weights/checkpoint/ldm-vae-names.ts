/**
 * Autoencoder names of the original latent-diffusion code (`decoder.up.3.block.0…`) and of diffusers, both directions.
 * The original counts the blocks of the decoder from the picture, diffusers from the latents.
 * Rules as in https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/loaders/single_file_utils.py
 */
import { renameBeginning, type RenameTable } from '../rename-table.ts';

/** Blocks of the decoder, counted in original names; 0 where there are none. */
export function ldmVaeBlocks(names: readonly string[]): number {
  return new Set(names.flatMap((name) => /^decoder\.up\.(\d+)\./.exec(name)?.[1] ?? [])).size;
}

/** The original name of a diffusers tensor; undefined for one that is no autoencoder's. `blocks`: of the decoder. */
export function toLdmVaeName(name: string, blocks: number): string | undefined {
  const [, side, inner] = /^(encoder|decoder)\.(.+)$/.exec(name) ?? [];
  if (side === undefined || inner === undefined) {
    return renameBeginning(QUANT, name, 'from diffusers');
  }
  const { block, kind, layer, rest } = DIFFUSERS_BLOCK.exec(inner)?.groups ?? {};
  if (block === undefined || rest === undefined) {
    return prefixed(side, renameBeginning(SIDE, inner, 'from diffusers'));
  }
  const path = side === 'encoder' ? `down.${block}` : `up.${blocks - 1 - Number(block)}`;
  if (kind === 'resnets') {
    return prefixed(`${side}.${path}.block.${layer ?? ''}`, renameResnet(rest, 'from diffusers'));
  }
  return `${side}.${path}.${side === 'encoder' ? 'downsample' : 'upsample'}.${rest}`;
}

/** The diffusers name of an original tensor; undefined for one that is no autoencoder's. `blocks`: of the decoder. */
export function fromLdmVaeName(name: string, blocks: number): string | undefined {
  const [, side, inner] = /^(encoder|decoder)\.(.+)$/.exec(name) ?? [];
  if (side === undefined || inner === undefined) {
    return renameBeginning(QUANT, name, 'to diffusers');
  }
  const { block, kind, layer, rest } = LDM_BLOCK.exec(inner)?.groups ?? {};
  if (block === undefined || rest === undefined) {
    return prefixed(side, renameBeginning(SIDE, inner, 'to diffusers'));
  }
  const path = side === 'encoder' ? `down_blocks.${block}` : `up_blocks.${blocks - 1 - Number(block)}`;
  if (kind === 'block') {
    return prefixed(`${side}.${path}.resnets.${layer ?? ''}`, renameResnet(rest, 'to diffusers'));
  }
  return `${side}.${path}.${side === 'encoder' ? 'downsamplers' : 'upsamplers'}.0.${rest}`;
}

const DIFFUSERS_BLOCK =
  /^(?:down|up)_blocks\.(?<block>\d+)\.(?<kind>resnets|downsamplers|upsamplers)\.(?<layer>\d+)\.(?<rest>.+)$/;
const LDM_BLOCK = /^(?:down|up)\.(?<block>\d+)\.(?:(?<kind>block)\.(?<layer>\d+)|downsample|upsample)\.(?<rest>.+)$/;

function prefixed(prefix: string, name: string | undefined): string | undefined {
  return name === undefined ? undefined : `${prefix}.${name}`;
}

/** Only the shortcut has another name; `norm1`, `conv1`, … are the same. */
function renameResnet(name: string, direction: 'from diffusers' | 'to diffusers'): string {
  return renameBeginning([['conv_shortcut', 'nin_shortcut']], name, direction) ?? name;
}

const QUANT: RenameTable = [
  ['quant_conv', 'quant_conv'],
  ['post_quant_conv', 'post_quant_conv'],
];

const SIDE: RenameTable = [
  ['mid_block.resnets.0.conv_shortcut', 'mid.block_1.nin_shortcut'],
  ['mid_block.resnets.1.conv_shortcut', 'mid.block_2.nin_shortcut'],
  ['mid_block.resnets.0', 'mid.block_1'],
  ['mid_block.resnets.1', 'mid.block_2'],
  ['mid_block.attentions.0.group_norm', 'mid.attn_1.norm'],
  ['mid_block.attentions.0.to_q', 'mid.attn_1.q'],
  ['mid_block.attentions.0.to_k', 'mid.attn_1.k'],
  ['mid_block.attentions.0.to_v', 'mid.attn_1.v'],
  ['mid_block.attentions.0.to_out.0', 'mid.attn_1.proj_out'],
  ['conv_norm_out', 'norm_out'],
  ['conv_in', 'conv_in'],
  ['conv_out', 'conv_out'],
];
