/**
 * Text encoder names of OpenCLIP (`transformer.resblocks.0…`) and of transformers, both directions, where a tensor has
 * one name on either side. The joint q, k, v matrix and the transposed projection are their reader's business.
 */
import { renameBeginning, type RenameTable } from '../rename-table.ts';

/** The transformers name of an OpenCLIP tensor; undefined for one without. */
export function fromOpenClipName(name: string): string | undefined {
  const { layer, rest } = /^transformer\.resblocks\.(?<layer>\d+)\.(?<rest>.+)$/.exec(name)?.groups ?? {};
  const inner = rest === undefined ? undefined : renameBeginning(LAYER, rest, 'to diffusers');
  return inner === undefined
    ? renameBeginning(TOP, name, 'to diffusers')
    : `text_model.encoder.layers.${layer ?? ''}.${inner}`;
}

/** The OpenCLIP name of a transformers tensor; undefined for one without. */
export function toOpenClipName(name: string): string | undefined {
  const { layer, rest } = /^text_model\.encoder\.layers\.(?<layer>\d+)\.(?<rest>.+)$/.exec(name)?.groups ?? {};
  const inner = rest === undefined ? undefined : renameBeginning(LAYER, rest, 'from diffusers');
  return inner === undefined
    ? renameBeginning(TOP, name, 'from diffusers')
    : `transformer.resblocks.${layer ?? ''}.${inner}`;
}

const TOP: RenameTable = [
  ['text_model.embeddings.token_embedding.weight', 'token_embedding.weight'],
  ['text_model.embeddings.position_embedding.weight', 'positional_embedding'],
  ['text_model.final_layer_norm', 'ln_final'],
];

const LAYER: RenameTable = [
  ['layer_norm1', 'ln_1'],
  ['layer_norm2', 'ln_2'],
  ['mlp.fc1', 'mlp.c_fc'],
  ['mlp.fc2', 'mlp.c_proj'],
  ['self_attn.out_proj', 'attn.out_proj'],
];
