/** What is free of a device's memory, as drivers say it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

import { freeMemory, largestBuffer } from '../../../src/engine/ort/free-memory.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'fourstep-memory-'));
const nvidia = path.join(folder, 'nvidia-smi');
writeFileSync(nvidia, '#!/bin/sh\ncase "$1" in --id=1) echo 20480;; *) echo "No devices were found"; exit 6;; esac\n');
chmodSync(nvidia, 0o755);
const cards = path.join(folder, 'drm');
for (const [name, total, used] of [
  ['card0', undefined, undefined],
  ['card1', 16e9, 4e9],
] as const) {
  mkdirSync(path.join(cards, name, 'device'), { recursive: true });
  if (total !== undefined) {
    writeFileSync(path.join(cards, name, 'device/mem_info_vram_total'), `${total}\n`);
    writeFileSync(path.join(cards, name, 'device/mem_info_vram_used'), `${used}\n`);
  }
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const cuda = (deviceId: number) => ({ kind: 'cuda', deviceId }) as const;
const nowhere = { nvidia: path.join(folder, 'gone'), cards: path.join(folder, 'gone') };

it('is what NVIDIA’s driver says of that card, else what AMD’s says', async () => {
  expect(await freeMemory(cuda(1), { nvidia, cards })).toEqual({ bytes: 20 * 2 ** 30, source: 'nvidia-smi' });
  expect(await freeMemory(cuda(0), { nvidia, cards })).toEqual({ bytes: 12e9, source: 'amdgpu' });
  expect(await freeMemory({ kind: 'webgpu' }, { ...nowhere, cards })).toEqual({ bytes: 12e9, source: 'amdgpu' });
});

it('is half of the machine’s where no driver says it, and where the device is the processor', async () => {
  for (const device of [{ kind: 'webgpu' }, { kind: 'cpu' }] as const) {
    const { bytes, source } = await freeMemory(device, nowhere);
    expect(source).toBe('machine');
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(process.availableMemory());
  }
});

it('has a bound for one tensor on WebGPU alone', () => {
  expect([largestBuffer({ kind: 'webgpu' }), largestBuffer(cuda(0))]).toEqual([2 ** 30, Number.POSITIVE_INFINITY]);
});
