/**
 * The weights' public face: files in, tensor sources out, under the names that diffusers and transformers use.
 */
export type { Dtype, TensorInfo, TensorSource } from './tensor-source.ts';
export { openSafetensors, type SafetensorsFile } from './safetensors-file.ts';
export { writeSafetensors, type TensorToWrite } from './safetensors-writer.ts';
export { overlay, renamed, streamFloats, TensorTable } from './tensor-table.ts';
export { openComponent, type Precision } from './component-folder.ts';
export { openCheckpoint, type Checkpoint, type CheckpointNet } from './checkpoint/open-checkpoint.ts';
export { checkFinite, widen } from './widen.ts';
export { openLora, type LoraFile } from './lora/lora-file.ts';
export { loraModules, type LoraModule } from './lora/lora-module.ts';
export { matchLora, type LoraMatch, type LoraModel } from './lora/match-lora.ts';
export type { LoraNet } from './lora/module-spellings.ts';
export { readLoraMatrices, type LoraMatrices } from './lora/lora-matrices.ts';
export { inspectLora, type LoraReport } from './lora/inspect-lora.ts';
export { mergeLora, type MergeOptions } from './lora/merge-lora.ts';
export type { AddProduct } from './lora/add-product.ts';
export { moduleOfTarget, type LoraTarget } from './lora/lora-module.ts';
export type { LoadedLora } from './lora/loaded-lora.ts';
export { LoraShelf, type ShelfModel, type ShelvedLora } from './lora/lora-shelf.ts';
export { LoraPacker, type LoraInput, type LoraRow, type WeightedLora } from './lora/pack-lora.ts';
export { openAddProduct, type OpenedAddProduct } from './lora/ort-add-product.ts';
