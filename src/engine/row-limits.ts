/**
 * How many rows of a picture's kind go into one call: as many as a measured curve says are worth their wait, or a usual
 * number, and never more than the device has memory for, as far as can be worked out beforehand.
 */
import { rowsMeasured, type MeasuredCurve } from './batch-curve.ts';
import type { Model } from './model/model.ts';
import type { LatentSize } from './model/denoiser.ts';
import { countWithin } from './model/row-counts.ts';
import { rowsThatFit, type DeviceRoom } from './model/row-memory.ts';
import { STAYING_BYTES } from './model/session-opener.ts';
import type { Provider } from './onnx/provider.ts';
import type { DeviceMemory } from './ort/index.ts';

/** A provider's own, and kernels. */
const PROVIDER_BYTES = 400 * 2 ** 20;

export type RowLimitsOptions = {
  /** Where nobody measured. */
  readonly usualRows: number;
  readonly curves: readonly MeasuredCurve[];
  /** What the device had free before anything was opened; undefined: not bounded, as on a processor. */
  readonly room: DeviceRoom | undefined;
  readonly memory: Pick<DeviceMemory, 'weightBytes'>;
  /** Whose calls may have certain counts alone. */
  readonly provider: Provider;
};

export type Kind = {
  readonly model: Pick<Model, 'bytes' | 'unet' | 'decoders'>;
  /** As the request names it. */
  readonly name: string;
  readonly size: LatentSize;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly tokens: number;
};

/** Of a UNet call, of a decoder call. */
export type Limits = { readonly mostRows: number; readonly mostDecodes: number };

export class RowLimits {
  readonly #options: RowLimitsOptions;

  constructor(options: RowLimitsOptions) {
    this.#options = options;
  }

  of({ model, name, size, width, height, tokens }: Kind): Limits {
    const { usualRows, curves, provider } = this.#options;
    const rows = rowsMeasured(curves, { model: name, width, height }) ?? usualRows;
    const room = this.#roomBeside(model.bytes);
    return room === undefined
      ? { mostRows: rows, mostDecodes: Number.POSITIVE_INFINITY }
      : {
          mostRows: countWithin(provider, Math.min(rows, rowsThatFit(model.unet.rowMemory(size, tokens), room))),
          mostDecodes: countWithin(provider, rowsThatFit(model.decoders.pictureMemory(size), room)),
        };
  }

  /** Beside weights that are open, or soon will be. */
  #roomBeside(modelBytes: number): DeviceRoom | undefined {
    const { room, memory } = this.#options;
    const taken = Math.max(memory.weightBytes, modelBytes) + STAYING_BYTES + PROVIDER_BYTES;
    return room && { ...room, bytes: Math.max(0, room.bytes - taken) };
  }
}
