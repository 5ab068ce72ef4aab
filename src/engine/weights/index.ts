/**
 * The weights' public face: files in, tensor sources out, under the names that diffusers and transformers use.
 */
export type { TensorSource } from './tensor-source.ts';
export { openSafetensors } from './safetensors-file.ts';
export { writeSafetensors } from './safetensors-writer.ts';
export { renamed, TensorTable } from './tensor-table.ts';
export { openComponent } from './component-folder.ts';
export { describeCheckpoint } from './checkpoint/describe-checkpoint.ts';
export { foreignPipeline } from './checkpoint/foreign-models.ts';
export { openCheckpoint } from './checkpoint/open-checkpoint.ts';
export { derivedFiles, sweepBeside } from './cache.ts';
export { describeEmbedding, openEmbeddings, type LearnedWord } from './embeddings.ts';
export { KERNEL_LAST, prepareForDevice } from './device-weights.ts';
export { widen, widenForeign } from './widen.ts';
export { withoutStaleForms } from './made-forms.ts';
export { withWinogradKernels } from './winograd.ts';
export { openLora, touchesNet } from './lora/lora-file.ts';
export { loraModules, type LoraModule, type LoraTarget } from './lora/lora-module.ts';
export { matchLora } from './lora/match-lora.ts';
export { LORA_NETS, type LoraNet } from './lora/module-spellings.ts';
export { readLoraMatrices } from './lora/lora-matrices.ts';
export { inspectLora } from './lora/inspect-lora.ts';
export { mergeLora, mergeLoras, type Adapter } from './lora/merge-lora.ts';
export { acceleratorWords } from './accelerator/accelerator-words.ts';
export { recogniseAccelerator } from './accelerator/recognise.ts';
export { openAddProduct, type OpenedAddProduct } from './lora/ort-add-product.ts';
export type { LoadedLora } from './lora/loaded-lora.ts';
export { LoraCache, type CachedLora } from './lora/lora-cache.ts';
export { GatedPacker } from './lora/gated-packer.ts';
export { LoraPacker, type LoraInput, type LoraRow } from './lora/pack-lora.ts';
