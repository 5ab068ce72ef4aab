/**
 * What a device's answers depend on beside the device: onnxruntime's version, the system, the drivers as far as their files
 * tell. Equal texts mean that what was found once still holds.
 */
import { createRequire } from 'node:module';
import { readdir, readFile, stat } from 'node:fs/promises';
import { release } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

import type { Device } from './device.ts';

/** Where Vulkan's loader looks for drivers; what the environment names goes before. */
const DRIVER_FOLDERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];
const NVIDIA = '/proc/driver/nvidia/version';

const packageFile = z.object({ version: z.string() });

export async function driverState(device: Device): Promise<string> {
  const { version } = packageFile.parse(createRequire(import.meta.url)('onnxruntime-node/package.json'));
  const named = (process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES'] ?? '').split(path.delimiter);
  const found = await Promise.all(DRIVER_FOLDERS.map(filesIn));
  const files = await Promise.all([...named, ...found.flat()].filter((file) => file !== '').map(stateOf));
  const nvidia = await readFile(NVIDIA, 'utf8').catch(() => '');
  return JSON.stringify([device, version, process.platform, process.arch, release(), nvidia, files]);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const names: readonly string[] = await readdir(folder).catch(() => []); // in the order of their names
  return names.map((name) => path.join(folder, name));
}

async function stateOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return `${file} ${found?.size} ${found?.mtimeMs}`;
}
