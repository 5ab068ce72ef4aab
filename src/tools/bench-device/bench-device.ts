/**
 * `fourstep bench device`: what a device does with a model: UNet calls by rows and styles, prompts, decoding, whole pictures, what
 * is sent and what memory is taken; beside torch where a Python is given. What it learns of rows is kept as the batch curve
 * that drawing takes its rows a call from.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Config } from '../../../config/load.ts';
import { modelsFolder } from '../../../config/paths.ts';
import type { BenchDeviceOptions } from '../../adapters/cli/actions.ts';
import type { Runner } from '../../core/work.ts';
import { rowsWorthTheirWait, type MeasuredCurve } from '../../engine/batch-curve.ts';
import { keepCurve } from '../../engine/curve-file.ts';
import { chooseForms, createEngineRunner, freeMemory, type Device } from '../../engine/index.ts';
import { ModelCache } from '../../engine/model-cache.ts';
import { describeForms, type DeviceForms } from '../../engine/model/device-forms.ts';
import { sessionOpener, type SessionOpener } from '../../engine/model/session-opener.ts';
import { largestBuffer } from '../../engine/ort/index.ts';
import { RowLimits } from '../../engine/row-limits.ts';
import { parseDevice } from '../../start/open-engine.ts';
import { cardName } from './card.ts';
import { decoderCalls, firstCall, randomStyles, textCalls, unetCalls, type Measured } from './calls.ts';
import { wholePictures } from './pictures.ts';
import { hasFailed, type DeviceReport, type Figures } from './report.ts';
import { subjectOf, type Subject } from './subject.ts';
import { TimePlan } from './time-plan.ts';
import { runTorch } from './torch.ts';

type Say = (line: string) => void;

/** What is measured, and where. */
const ENOUGH_MS = 3000;
/** Of the time after opening. */
const SHARES = { plain: 20, text: 3, full: 8, tiny: 4, same: 8, mixed: 10, changing: 10, pictures: 27 };
/** Torch comes last, where it is compared with, and is what all else is compared with. */
const TORCH_SHARE = 40;

/** `enoughMs`: what a figure may take that is repeated until it is good. */
export async function benchDevice(
  config: Config,
  options: BenchDeviceOptions,
  { say, enoughMs = ENOUGH_MS }: { readonly say: Say; readonly enoughMs?: number },
): Promise<DeviceReport> {
  const deviceName = options.device ?? config.devices.find((name) => !name.includes('://')) ?? 'cpu';
  const device = parseDevice(deviceName);
  const cacheDir = path.join(config.dataFolder, 'cache');
  const folder = await mkdtemp(path.join(tmpdir(), 'fourstep-bench-'));
  const free = await freeMemory(device);
  const startedAt = performance.now();
  try {
    const subject = await subjectOf(config, options, folder, say);
    say(`trying ${deviceName} …`);
    const forms = { ...(await chooseForms(device, cacheDir)), ...numbersOf(options) };
    const { attention, channels, layout, numberType } = forms;
    const on = device.kind === 'webgpu' ? { ...device, layout } : device;
    const open = sessionOpener({
      device: on,
      numberType,
      attention,
      channels,
      startup: 'throughput',
      threads: undefined,
    });
    const cache = new ModelCache({
      locate: async () => subject.location,
      open,
      cacheDir: path.join(folder, 'cache'),
      clipTokenizer: path.join(modelsFolder, 'clip'),
      budgetBytes: 0,
    });
    say(`opening ${subject.name} on ${deviceName} (${describeForms(forms)}) …`);
    const { value: model, release } = await cache.lease({
      model: subject.name,
      accelerator: subject.isAccelerated ? { kind: 'model' } : { kind: 'none' },
      vae: undefined,
      precision: 'fp32',
    });
    const size = {
      channels: model.latentChannels,
      height: subject.height / model.pixelsPerLatent,
      width: subject.width / model.pixelsPerLatent,
    };
    const first = await firstCall({ model, size });
    const styles = await randomStyles(model, folder);
    const torch = options.python === undefined ? 0 : TORCH_SHARE;
    const seconds = Math.max(0, options.seconds - (performance.now() - startedAt) / 1000);
    const plan = new TimePlan({ seconds, shares: { ...SHARES, torch } });
    const measuring = (part: keyof typeof SHARES): Measured => ({
      model,
      memory: open.memory,
      size,
      rows: options.rows,
      isOver: plan.of(part),
      say,
      enoughMs,
    });
    const plain = await unetCalls(measuring('plain'), 'plain', styles);
    const text = await textCalls(measuring('text'));
    const decode = {
      full: await decoderCalls(measuring('full'), 'full'),
      tiny: (await hasTiny(model)) ? await decoderCalls(measuring('tiny'), 'tiny') : [],
    };
    const unet = {
      plain,
      same: await unetCalls(measuring('same'), 'same', styles),
      mixed: await unetCalls(measuring('mixed'), 'mixed', styles),
      changing: await unetCalls(measuring('changing'), 'changing', styles),
    };
    const memory = await memoryNow(device, open, free.bytes);
    const tokens = first.tokens.length / model.unet.config.contextFeatures;
    const limits = new RowLimits({
      usualRows: Number.POSITIVE_INFINITY,
      curves: [],
      room: { bytes: config.deviceBytes ?? free.bytes, largest: largestBuffer(device) },
      memory: open.memory,
      provider: device.kind,
    });
    const { mostRows } = limits.of({ model, ...subject, size, tokens });
    release();
    await cache.close();
    await open.memory.release();

    const curve = curveOf(deviceName, subject, unet.plain);
    const pictures = await wholePictures({
      ...subject,
      open: async () =>
        runnerOf({ device, forms, subject, cacheDir: path.join(folder, 'cache'), rows: Math.max(...options.rows) }),
      rows: options.rows,
      msOfPicture: subject.manifest.defaults.steps * msOfRow(plain) + msOfRow(decode.full),
      isOver: plan.of('pictures'),
      say,
      enoughMs,
    });
    const beside =
      options.python === undefined || options.seconds === 0
        ? undefined
        : await runTorch({
            python: options.python,
            model: subject.location.source,
            folder: path.join(folder, 'torch'),
            first,
            size,
            rows: options.rows,
            device: device.kind === 'cpu' ? 'cpu' : 'cuda',
            seconds: Math.max(1, plan.leftMs / 1000),
          }).catch((error: unknown) => {
            // Minutes of our own measurements are not thrown away for the sake of the comparison.
            plan.leaveOut('torch');
            say(error instanceof Error ? error.message : String(error));
            return undefined;
          });
    return {
      device: deviceName,
      card: await cardName(device),
      forms: describeForms(forms),
      model: subject.name,
      width: subject.width,
      height: subject.height,
      unet,
      text,
      decode,
      pictures,
      memory,
      mostRows,
      rowsWorthTheirWait: curve && rowsWorthTheirWait(curve),
      torch: beside?.torch,
      differenceFromTorch: beside?.difference,
      // What was forced upon the device says nothing of how it will draw, random weights say it of no model.
      curveFile:
        curve === undefined || options.arch !== undefined || options.numbers !== undefined
          ? undefined
          : await keepCurve(cacheDir, device, curve),
      leftOut: plan.leftOut,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type RunnerFacts = {
  readonly device: Device;
  readonly forms: DeviceForms;
  readonly subject: Subject;
  readonly cacheDir: string;
  readonly rows: number;
};

const NO_PICTURE = (): Promise<never> => Promise.reject(new Error('there is no picture to start from'));

function runnerOf({ device, forms, subject, cacheDir, rows }: RunnerFacts): Runner {
  return createEngineRunner({
    locateModel: async () => subject.location,
    readPicture: NO_PICTURE,
    readMask: NO_PICTURE,
    cacheDir,
    clipTokenizer: path.join(modelsFolder, 'clip'),
    device,
    forms,
    policy: { maxRows: rows, maxDecodes: device.kind === 'cpu' ? 1 : Math.min(rows, 4), order: 'round-robin' },
    startup: 'throughput',
  });
}

function numbersOf({ numbers }: BenchDeviceOptions): Partial<DeviceForms> {
  return numbers === undefined ? {} : { numberType: numbers === 'fp16' ? 'f16' : 'f32' };
}

async function hasTiny(model: { readonly decoders: { readonly requireTiny: () => Promise<void> } }): Promise<boolean> {
  return model.decoders.requireTiny().then(
    () => true,
    () => false,
  );
}

/** A processor's memory is this process's. */
async function memoryNow(device: Device, open: SessionOpener, freeBefore: number): Promise<DeviceReport['memory']> {
  const { weightBytes } = open.memory;
  const { bytes, source } = await freeMemory(device);
  return source === 'machine'
    ? { source: 'this process', usedBytes: process.memoryUsage.rss(), weightBytes }
    : { source, usedBytes: freeBefore - bytes, weightBytes };
}

/** Of a call with one row; 0 where there is no such figure. */
function msOfRow(all: readonly Figures[]): number {
  return all.flatMap((one) => (one.rows !== 1 || hasFailed(one) ? [] : [one.medianMs]))[0] ?? 0;
}

/** Undefined where not one count of rows could be measured. */
function curveOf(
  device: string,
  { name, width, height }: Subject,
  plain: readonly Figures[],
): MeasuredCurve | undefined {
  const stepMs = Object.fromEntries(
    plain.flatMap((figures) => (hasFailed(figures) ? [] : [[String(figures.rows), figures.medianMs]])),
  );
  return Object.keys(stepMs).length === 0
    ? undefined
    : {
        name: `${name} at ${width}x${height} on ${device}`,
        source: 'measured here by bench device',
        stepMs,
        model: name,
        width,
        height,
      };
}
