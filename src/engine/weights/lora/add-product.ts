/**
 * The multiplication that merging is made of, as a port: whoever merges brings it along.
 */

/** W + scale · up · down */
type Product = {
  /** [rows, columns]; the sum may take its place. */
  readonly weight: Float32Array<ArrayBuffer>;
  /** [rows, rank] */
  readonly up: Float32Array<ArrayBuffer>;
  /** [rank, columns] */
  readonly down: Float32Array<ArrayBuffer>;
  readonly rows: number;
  readonly rank: number;
  readonly columns: number;
  readonly scale: number;
};

/** Gives the sum, in `weight`'s own memory or in new memory of the same length. */
export type AddProduct = (product: Product) => Promise<Float32Array<ArrayBuffer>>;
