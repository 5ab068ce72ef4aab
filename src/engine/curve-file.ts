/**
 * The batch curves that were measured on a device, in a file of the cache: `fourstep bench device` writes them, the engine takes
 * its rows a call from them. They hold for the driver and the onnxruntime they were measured with.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { measuredCurve, type MeasuredCurve } from './batch-curve.ts';
import { driverState, type Device } from './ort/index.ts';

/** As it lies on the disk. */
export const curveFile = z.object({ version: z.literal(1), key: z.string(), curves: z.array(measuredCurve) });

/** None where nobody measured, or the driver is another now. `cacheDir`: absolute. */
export async function readCurves(cacheDir: string, device: Device): Promise<readonly MeasuredCurve[]> {
  const parsed = curveFile.safeParse(await jsonOf(fileOf(cacheDir, device)));
  return parsed.success && parsed.data.key === (await keyOf(device)) ? parsed.data.curves : [];
}

/** In place of the curve of that model and size, where there is one. Returns the file. */
export async function keepCurve(cacheDir: string, device: Device, curve: MeasuredCurve): Promise<string> {
  const isSame = (known: MeasuredCurve): boolean =>
    known.model === curve.model && known.width === curve.width && known.height === curve.height;
  const others = (await readCurves(cacheDir, device)).filter((known) => !isSame(known));
  const file = fileOf(cacheDir, device);
  await mkdir(cacheDir, { recursive: true });
  const part = `${file}.part`;
  await writeFile(part, JSON.stringify({ version: 1, key: await keyOf(device), curves: [...others, curve] }));
  await rename(part, file);
  return file;
}

function fileOf(cacheDir: string, device: Device): string {
  const name = 'deviceId' in device ? `${device.kind}-${device.deviceId}` : device.kind;
  return path.join(cacheDir, `batch-curves-${name}.json`);
}

async function keyOf(device: Device): Promise<string> {
  return createHash('sha256')
    .update(await driverState(device))
    .digest('hex');
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined; // absent, or no JSON: nobody measured
  }
}
