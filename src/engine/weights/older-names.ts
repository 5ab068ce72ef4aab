/**
 * Names that libraries have changed over the years, brought to one spelling: the autoencoder's attention as diffusers
 * calls it since 2023, and the text encoder's `text_model.` prefix, which transformers 5 drops and every LoRA expects.
 */
import { renameBeginning, type Direction, type RenameTable } from './rename-table.ts';

/** How to rename the tensors of a net that has these `names`; names that are current stay. */
export function currentName(names: readonly string[]): (name: string) => string {
  const isBareText = names.includes('embeddings.token_embedding.weight');
  return (name) =>
    isBareText ? (renameBeginning(TEXT, name, 'to diffusers') ?? name) : renameAttention(name, 'to diffusers');
}

/** The inner names of the autoencoder's attention; applies nowhere else, as no other net has a `mid_block` of `query`s. */
export function renameAttention(name: string, direction: Direction): string {
  const match = /^(?<place>(?:encoder|decoder)\.mid_block\.attentions\.\d+)\.(?<inner>.+)$/.exec(name)?.groups;
  const inner = match?.['inner'] === undefined ? undefined : renameBeginning(ATTENTION, match['inner'], direction);
  return inner === undefined ? name : `${match?.['place'] ?? ''}.${inner}`;
}

const ATTENTION: RenameTable = [
  ['to_q', 'query'],
  ['to_k', 'key'],
  ['to_v', 'value'],
  ['to_out.0', 'proj_attn'],
];

const TEXT: RenameTable = [
  ['text_model.embeddings', 'embeddings'],
  ['text_model.encoder', 'encoder'],
  ['text_model.final_layer_norm', 'final_layer_norm'],
];
