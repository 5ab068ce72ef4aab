/**
 * The one import of onnxruntime: made on first use, with its telemetry off. The variable must be there before the
 * native library loads, or it writes to the home folder and calls its maker; hence no static import anywhere.
 */
import type * as onnxruntime from 'onnxruntime-node';

import { UserError } from '../../core/errors.ts';

export type Runtime = typeof onnxruntime;

/** Throws `UserError` `device.runtime` where the library is not installed for this machine. */
export async function loadRuntime(): Promise<Runtime> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new UserError(
      'device.runtime',
      `Expected onnxruntime-node to load on ${process.platform}/${process.arch}, it did not; run npm ci on Linux, macOS or Windows (x64 or arm64).`,
      { params: { platform: process.platform, arch: process.arch }, cause },
    );
  }
}
