/**
 * How much memory of a device this process may take: what NVIDIA's or AMD's driver says is free, and half of what the
 * machine has free where a device says nothing, for it then most likely shares the machine's. Knows no net.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import type { Device } from './device.ts';

const CARDS = '/sys/class/drm';
const SHARE_OF_MACHINE = 0.5;
/** WebGPU has no buffer above 1 GiB, whatever is free. */
const LARGEST_WEBGPU_BUFFER = 2 ** 30;

type FreeMemory = {
  readonly bytes: number;
  /** Who says so. */
  readonly source: 'nvidia-smi' | 'amdgpu' | 'machine';
};

/** `nvidia`, `cards`: what is asked, for tests. */
export async function freeMemory(
  device: Device,
  { nvidia = 'nvidia-smi', cards = CARDS }: { readonly nvidia?: string; readonly cards?: string } = {},
): Promise<FreeMemory> {
  const number = 'deviceId' in device ? device.deviceId : 0;
  const [ofNvidia, ofAmd] =
    device.kind === 'cpu' ? [] : [await nvidiaFree(nvidia, number), await amdFree(cards, number)];
  if (ofNvidia !== undefined) {
    return { bytes: ofNvidia, source: 'nvidia-smi' };
  }
  return ofAmd === undefined
    ? { bytes: SHARE_OF_MACHINE * process.availableMemory(), source: 'machine' }
    : { bytes: ofAmd, source: 'amdgpu' };
}

/** Infinite where there is no bound. */
export function largestBuffer({ kind }: Device): number {
  return kind === 'webgpu' ? LARGEST_WEBGPU_BUFFER : Number.POSITIVE_INFINITY;
}

async function nvidiaFree(program: string, number: number): Promise<number | undefined> {
  const query = [`--id=${number}`, '--query-gpu=memory.free', '--format=csv,noheader,nounits'];
  const mebibytes = await promisify(execFile)(program, query, { timeout: 10_000 }).then(
    ({ stdout }) => Number.parseInt(stdout, 10),
    () => Number.NaN, // no such program, or no card
  );
  return Number.isNaN(mebibytes) ? undefined : mebibytes * 2 ** 20;
}

/** Of the card with that number among those that have memory of their own. */
async function amdFree(folder: string, number: number): Promise<number | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^card\d+$/.test(name));
  const found = await Promise.all(
    names.map(async (name) => {
      const read = async (what: string): Promise<number> =>
        Number(
          await readFile(path.join(folder, name, 'device', `mem_info_vram_${what}`), 'utf8').catch(() => Number.NaN),
        );
      return (await read('total')) - (await read('used'));
    }),
  );
  return found.filter((bytes) => bytes > 0)[number];
}
