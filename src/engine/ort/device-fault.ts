/**
 * What went wrong in a device, read from what its provider says: providers have no codes for it. Knows no net; who asked for
 * too much tries less (engine.ts), who lost the device starts anew (runner/child.ts).
 */
import { UserError } from '../../core/errors.ts';
import type { Device } from './device.ts';

/**
 * A WebGPU buffer that could not be had is named only as invalid by those that use it; a tensor larger than what a shader may
 * be given at once is given in parts, of which it takes so many.
 */
const MEMORY =
  /out of memory|allocation size too large|too many storage buffers|out_of_(?:device_|host_)?memory|max buffer size|\[invalid buffer|failed to allocate|cuda failure 2\b/i;
/** Of CUDA: 4 and those from 700 leave nothing of the context. */
const LOST = /device (?:is |was )?(?:lost|removed)|device_(?:lost|removed|hung)|cuda failure (?:4|7\d\d|999)\b/i;

/** `UserError` `device.memory` or `device.lost` where that is what it was; else what was thrown. */
export function deviceFault({ kind }: Device, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (kind === 'cpu' || !(MEMORY.test(message) || LOST.test(message))) {
    return cause;
  }
  const params = { device: kind };
  return LOST.test(message)
    ? new UserError('device.lost', `Expected ${kind} to go on, but it was lost; the work has to start again.`, {
        params,
        cause,
      })
    : new UserError(
        'device.memory',
        `Expected a picture that fits into the memory of ${kind}, but it does not; take a smaller size or another model.`,
        { params, cause },
      );
}
