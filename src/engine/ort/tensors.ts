/** What goes into a session and comes out of it, as plain data. */

/** Row-major; `data` over a plain ArrayBuffer, which is all that onnxruntime takes. */
export type FloatTensor = {
  readonly data: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
  /** `data` never changes and comes again: the device may keep it. */
  readonly stays?: boolean;
};
export type IdTensor = { readonly data: BigInt64Array<ArrayBuffer>; readonly shape: readonly number[] };
export type Feeds = Readonly<Record<string, FloatTensor | IdTensor>>;
