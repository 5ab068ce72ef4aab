/**
 * Where tensors lie: names, types, shapes and byte ranges in files, and how to read one. A safetensors file, a sharded
 * set, a renamed single-file checkpoint and a merged cache are all sources. Refuses to know what a tensor is for.
 */

export const DTYPES = [
  'F64',
  'F32',
  'F16',
  'BF16',
  'I64',
  'I32',
  'I16',
  'I8',
  'U64',
  'U32',
  'U16',
  'U8',
  'BOOL',
  'F8_E4M3',
  'F8_E5M2',
] as const;
export type Dtype = (typeof DTYPES)[number];

/** One tensor's place: `length` bytes at the absolute `offset` of `file`. */
export type TensorInfo = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Absolute path. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** Where its values are to be multiplied: one number for all, or one for each row. */
  readonly scale?: TensorInfo;
};

export interface TensorSource {
  /** For messages: the file or folder the tensors came from. */
  readonly origin: string;
  readonly names: readonly string[];
  get(name: string): TensorInfo | undefined;
  /** Reads and widens to fp32. Throws `UserError` when the name is missing or the type is no float. */
  readFloats(name: string): Promise<Float32Array<ArrayBuffer>>;
}
