/**
 * The weights' public face: files in, tensor sources out, under the names that diffusers and transformers use.
 */
export type { Dtype, TensorInfo, TensorSource } from './tensor-source.ts';
export { openSafetensors, type SafetensorsFile } from './safetensors-file.ts';
export { writeSafetensors, type TensorToWrite } from './safetensors-writer.ts';
export { overlay, renamed, streamFloats, TensorTable } from './tensor-table.ts';
