/**
 * Pixels between the engine and whoever encodes, sends or saves them. Knows no file format.
 */

/** 8-bit RGB, row by row, no padding: `data.length === width * height * 3`, colours not premultiplied. */
export type Picture = {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** One byte a pixel, 0 clear to 255 solid; absent: all solid. */
  readonly alpha?: Uint8Array | undefined;
};
