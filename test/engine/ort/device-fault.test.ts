/** Providers say what went wrong in words only; these are theirs. */
import { describe, expect, it } from 'vitest';

import { deviceFault } from '../../../src/engine/ort/device-fault.ts';

const WEBGPU = { kind: 'webgpu' } as const;
const CUDA = { kind: 'cuda', deviceId: 0 } as const;

describe('what a device says', () => {
  it.each([
    [WEBGPU, 'WebGPU validation failed. Buffer size (4356000000) exceeds the max buffer size limit (1073741824).'],
    [WEBGPU, 'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.'],
    [
      WEBGPU,
      'limits_.maxStorageBuffersPerShaderStage was false. Too many storage buffers in shader. Current: 16, Max is 12',
    ],
    [WEBGPU, 'WebGPU device error(3): Allocation size too large'],
    [CUDA, 'CUDA failure 2: out of memory ; GPU=0 ; hostname=x ; file=cuda_allocator.cc'],
    [CUDA, 'bfc_arena.cc:376 AllocateRawInternal Failed to allocate memory for requested buffer of size 536870912'],
  ])('is that memory ran out: %#', (device, message) => {
    expect(deviceFault(device, new Error(message))).toMatchObject({ name: 'UserError', code: 'device.memory' });
  });

  it.each([
    [WEBGPU, 'WebGPU device lost (1): A valid external Instance reference no longer exists.'],
    [CUDA, 'CUDA failure 700: an illegal memory access was encountered ; GPU=0'],
    [{ kind: 'dml', deviceId: 0 } as const, 'DXGI_ERROR_DEVICE_REMOVED'],
  ])('is that it was lost: %#', (device, message) => {
    expect(deviceFault(device, new Error(message))).toMatchObject({ name: 'UserError', code: 'device.lost' });
  });

  it('is left as it is where it is something else, and where it is the processor', () => {
    const [other, own] = [new Error('Invalid rank for input: sample'), new Error('Failed to allocate memory')];
    expect(deviceFault(CUDA, other)).toBe(other);
    expect(deviceFault({ kind: 'cpu' }, own)).toBe(own);
  });
});
