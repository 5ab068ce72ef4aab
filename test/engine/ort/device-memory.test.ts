/** What a call sends to a device, counted as it travels. */
import { expect, it } from 'vitest';

import { DeviceMemory } from '../../../src/engine/ort/device-memory.ts';
import { loadRuntime } from '../../../src/engine/ort/runtime.ts';

const floats = { data: Float32Array.of(1, 2, 3, 4), shape: [4] };
const halves = { data: Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400), shape: [4] };

it('counts what travels: halves are half as much, and what stays travels all the same where the device keeps nothing', async () => {
  const runtime = await loadRuntime();
  const memory = new DeviceMemory({ kind: 'cuda', deviceId: 0 }, 2 ** 20);
  await memory.native(runtime, floats);
  expect(memory.uploadedBytes).toBe(16);
  const given = await memory.native(runtime, halves);
  expect(memory.uploadedBytes).toBe(24);
  expect([given.type, given.dims, given.data]).toEqual(['float16', [4], halves.data]);
  for (const call of [1, 2]) {
    await memory.native(runtime, { ...floats, stays: true });
    expect(memory.uploadedBytes).toBe(24 + 16 * call);
  }
});

it('counts nothing on a processor', async () => {
  const memory = new DeviceMemory({ kind: 'cpu' }, 0);
  await memory.native(await loadRuntime(), floats);
  expect(memory.uploadedBytes).toBe(0);
});
