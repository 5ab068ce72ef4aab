/**
 * What a device may be asked to do, by trials at its first opening: their results lie in a file for each device, and hold
 * for the driver and the onnxruntime they were made with. A trial that ended the process has failed, as the next opening sees.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import { driverState, requireDevice, type Device } from '../ort/index.ts';
import type { NumberType } from '../nets/index.ts';
import { tryOut, type TrialName, type TrialResult } from './device-trials.ts';
import { tryLearning } from './learning-trial.ts';
import { usualNumberType } from './number-type.ts';

export type DeviceForms = {
  readonly numberType: NumberType;
  readonly attention: 'fused' | 'decomposed';
  /** Of convolutions, where the provider can be told. */
  readonly layout: 'NCHW' | 'NHWC';
  /** Of pictures between layers, in the graph itself. */
  readonly channels: 'first' | 'last';
};

const record = z.object({
  key: z.string(),
  results: z.partialRecord(
    z.enum(['opens', 'half', 'fused', 'fusedHalf', 'channelsLast', 'lastGraph', 'lastGraphHalf', 'learningHalf']),
    z.object({ passed: z.boolean(), detail: z.string() }),
  ),
});
type Results = z.infer<typeof record>['results'];

/** What a device gets that nobody has tried. */
export function untriedForms(kind: Device['kind']): DeviceForms {
  const attention = kind === 'cpu' || kind === 'cuda' ? 'fused' : 'decomposed';
  return { numberType: usualNumberType(kind), attention, layout: 'NCHW', channels: 'first' };
}

/** `cacheDir`: absolute. Throws `UserError` (`device.missing`, `device.failed`) for a device that does not open. */
export async function chooseForms(device: Device, cacheDir: string): Promise<DeviceForms> {
  if (device.kind === 'cpu') {
    return untriedForms('cpu');
  }
  await requireDevice(device);
  const trials = await Trials.open(device, cacheDir);
  const opens = await trials.result('opens');
  if (!opens.passed) {
    const sentence = opens.detail.startsWith('Expected ')
      ? opens.detail
      : `Expected ${device.kind} to add numbers, it did not (${opens.detail}); check the driver or use cpu.`;
    throw new UserError('device.failed', sentence, { params: { device: device.kind } });
  }
  // Core ML narrows by itself.
  const isHalf = device.kind !== 'coreml' && (await trials.result('half')).passed;
  const fused = await trials.result(isHalf ? 'fusedHalf' : 'fused');
  const isLast = device.kind === 'webgpu' && (await trials.result('channelsLast')).passed;
  const isLastGraph = device.kind === 'cuda' && (await trials.result(isHalf ? 'lastGraphHalf' : 'lastGraph')).passed;
  return {
    numberType: isHalf ? 'f16' : 'f32',
    attention: fused.passed ? 'fused' : 'decomposed',
    layout: isLast ? 'NHWC' : 'NCHW',
    channels: isLastGraph ? 'last' : 'first',
  };
}

/**
 * What a device learns in: halves where it draws in them and a step of learning is faster by enough. `nowMs`: of a monotonic
 * clock. Throws as `chooseForms`.
 */
export async function chooseLearningType(device: Device, cacheDir: string, nowMs: () => number): Promise<NumberType> {
  const { numberType } = await chooseForms(device, cacheDir);
  if (device.kind === 'cpu' || numberType === 'f32') {
    return 'f32';
  }
  const trials = await Trials.open(device, cacheDir);
  const { passed } = await trials.made('learningHalf', () => tryLearning(device, nowMs));
  return passed ? 'f16' : 'f32';
}

/** For the operator's log. */
export function describeForms({ numberType, attention, layout, channels }: DeviceForms): string {
  const precision = numberType === 'f16' ? 'fp16' : 'fp32';
  return `${precision}, ${attention} attention, channels ${layout === 'NHWC' || channels === 'last' ? 'last' : 'first'}`;
}

class Trials {
  readonly #device: Device;
  readonly #file: string;
  readonly #key: string;
  #results: Results;

  static async open(device: Device, cacheDir: string): Promise<Trials> {
    const name = 'deviceId' in device ? `${device.kind}-${device.deviceId}` : device.kind;
    const file = path.join(cacheDir, `device-${name}.json`);
    const key = createHash('sha256')
      .update(await driverState(device))
      .digest('hex');
    const known = record.safeParse(await jsonOf(file));
    return new Trials(device, file, key, known.success && known.data.key === key ? known.data.results : {});
  }

  private constructor(device: Device, file: string, key: string, results: Results) {
    this.#device = device;
    this.#file = file;
    this.#key = key;
    this.#results = results;
  }

  result(name: TrialName): Promise<TrialResult> {
    const device = name === 'channelsLast' ? ({ kind: 'webgpu', layout: 'NHWC' } as const) : this.#device;
    return this.made(name, () => tryOut(name, device));
  }

  /** The result of an earlier opening, or what `make` gives. */
  async made(name: keyof Results, make: () => Promise<TrialResult>): Promise<TrialResult> {
    const known = this.#results[name];
    if (known !== undefined) {
      // That it opened yesterday says nothing of today.
      return name === 'opens' && known.passed ? make() : known;
    }
    // Written first: if the provider ends the process now, this is what is found.
    await this.#keep(name, { passed: false, detail: 'the provider ended the process' });
    const result = await make();
    // A device that does not open may the next time: its driver is being mended.
    await this.#keep(name, name === 'opens' && !result.passed ? undefined : result);
    return result;
  }

  async #keep(name: keyof Results, result: TrialResult | undefined): Promise<void> {
    this.#results = { ...this.#results, [name]: result };
    await mkdir(path.dirname(this.#file), { recursive: true });
    await writeFile(this.#file, JSON.stringify({ key: this.#key, results: this.#results }));
  }
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return undefined; // absent or half written: the trials are made again
  }
}
