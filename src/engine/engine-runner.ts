/**
 * The `Runner` in this process: requests are prepared one after another as they come, drawn together by the loop, and
 * told about through their own streams.
 *
 * Device calls block the event loop while they last: a bot hosts this in a child process and talks to it there.
 */
import { noEightBits } from '../core/eight-bits.ts';
import { CancelledError, StoppedError, throwIfOver } from '../core/errors.ts';
import { Condition } from '../core/condition.ts';
import type { Picture } from '../core/picture.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';
import type { MeasuredCurve } from './batch-curve.ts';
import { Engine } from './engine.ts';
import { ModelCache, type ModelLocation } from './model-cache.ts';
import { describeForms, untriedForms, type DeviceForms } from './model/device-forms.ts';
import { sessionOpener } from './model/session-opener.ts';
import type { NumberType } from './nets/index.ts';
import { eightBitInstructions, largestBuffer, requireDevice, type Device, type DeviceMemory } from './ort/index.ts';
import type { PictureReader } from './inpainting.ts';
import { prepare } from './preparation.ts';
import { checkRequest } from './request-check.ts';
import { RowLimits } from './row-limits.ts';
import { CPU_POLICY, GPU_POLICY, type SchedulerPolicy } from './scheduler.ts';
import { told, toldLease } from './told-lease.ts';
import { Upscaling } from './upscaling.ts';

export type EngineRunnerOptions = {
  /** From a request's `model` (an id or an absolute path) to where it lies. Throws `UserError` for unknown ones. */
  readonly locateModel: (model: string) => Promise<ModelLocation>;
  /** Opens a picture file; with a `size`, fills it, cutting what is over. */
  readonly readPicture: (file: string, size?: { readonly width: number; readonly height: number }) => Promise<Picture>;
  readonly readMask: PictureReader['readMask'];
  /** Absolute: where derived weights go when a model's own folder cannot be written. */
  readonly cacheDir: string;
  /** Absolute: the folder of CLIP's tokenizer, for single-file checkpoints, which carry none. */
  readonly clipTokenizer: string;
  /** Default: the processor. */
  readonly device?: Device;
  /** What the device may be asked to do; default: what is safe to ask of one that nobody has tried. */
  readonly forms?: DeviceForms;
  /** What nets compute in; default: as `forms` says. */
  readonly numberType?: NumberType;
  /** Default: turns on a processor, full batches on anything else. */
  readonly policy?: SchedulerPolicy;
  /** How sessions open: 'fast' (default) at once over shared memory, 'throughput' a few per cent faster a step. */
  readonly startup?: 'throughput' | 'fast';
  /** Whether requests in 8 bits are drawn; default: where the processor has instructions for them, and on a device that has its own ways. */
  readonly drawsEightBits?: boolean;
  /** Threads of a device call; default: one per core. */
  readonly threads?: number;
  /** Batch curves measured on the device; default: none. */
  readonly curves?: readonly MeasuredCurve[];
  /** Memory of the device that may be taken, in bytes; default: rows a call are bounded by what it turns out to have. */
  readonly deviceBytes?: number;
  /** Weights of models kept open at once, in bytes; default 8 GiB. */
  readonly modelBudgetBytes?: number;
};

const DEFAULT_MODEL_BUDGET_BYTES = 8 * 2 ** 30;

export function createEngineRunner(options: EngineRunnerOptions): Runner {
  return new EngineRunner(options);
}

class EngineRunner implements Runner {
  readonly #options: EngineRunnerOptions;
  readonly #device: Device;
  /** In words. */
  readonly #forms: string;
  readonly #engine: Engine;
  readonly #memory: DeviceMemory;
  readonly #limits: RowLimits;
  readonly #cache: ModelCache;
  readonly #upscaling: Upscaling;
  readonly #stop = new AbortController();
  readonly #idle = new Condition();
  #active = 0;
  #count = 0;
  #isClosing = false;

  constructor(options: EngineRunnerOptions) {
    const {
      device = { kind: 'cpu' },
      forms = untriedForms(device.kind),
      numberType = forms.numberType,
      policy = device.kind === 'cpu' ? CPU_POLICY : GPU_POLICY,
      startup = 'fast',
      threads,
      modelBudgetBytes = DEFAULT_MODEL_BUDGET_BYTES,
      curves = [],
      deviceBytes,
    } = options;
    this.#options = options;
    this.#device = device;
    this.#forms = describeForms({ ...forms, numberType });
    this.#engine = new Engine(policy);
    const { attention, layout, channels } = forms;
    const tried = device.kind === 'webgpu' ? { ...device, layout } : device;
    const open = sessionOpener({ device: tried, numberType, attention, channels, startup, threads });
    this.#memory = open.memory;
    this.#limits = new RowLimits({
      usualRows: policy.maxRows,
      curves,
      room: deviceBytes === undefined ? undefined : { bytes: deviceBytes, largest: largestBuffer(device) },
      memory: open.memory,
      provider: device.kind,
    });
    this.#upscaling = new Upscaling({
      locate: options.locateModel,
      place: { open, cacheDir: options.cacheDir },
      readPicture: (file) => options.readPicture(file),
      now: () => performance.now(),
    });
    this.#cache = new ModelCache({
      locate: options.locateModel,
      open,
      cacheDir: options.cacheDir,
      clipTokenizer: options.clipTokenizer,
      budgetBytes: modelBudgetBytes,
    });
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent, void> {
    if (this.#isClosing) {
      throw new StoppedError();
    }
    this.#active += 1;
    try {
      await requireDevice(this.#device);
      yield* this.#do(work, signal);
    } finally {
      this.#active -= 1;
      if (this.#active === 0) {
        this.#idle.notify();
      }
    }
  }

  health(): readonly RunnerHealth[] {
    return [
      {
        device: 'deviceId' in this.#device ? `${this.#device.kind}:${this.#device.deviceId}` : this.#device.kind,
        state: this.#isClosing ? 'stopped' : 'ready',
        active: this.#active,
        lastHeartbeatAtMs: undefined,
        batches: { ...this.#engine.batches, uploadedBytes: this.#memory.uploadedBytes },
        forms: this.#forms,
      },
    ];
  }

  async close(limitMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#active > 0) {
      const timer = setTimeout(() => this.#stop.abort(), limitMs);
      await this.#idle.wait();
      clearTimeout(timer);
    }
    await this.#upscaling.close();
    await this.#cache.close();
    await this.#memory.release();
  }

  #do(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent, void> {
    switch (work.kind) {
      case 'imagine':
        return this.#imagine(work, signal);
      case 'upscale':
        return this.#upscale(work, signal);
      case 'train':
        throw new Error('expected pictures to draw; styles are learnt by the runner around this one');
      default:
        return work satisfies never;
    }
  }

  async *#imagine(
    { request, previewAfter, live }: Extract<Work, { kind: 'imagine' }>,
    signal: AbortSignal,
  ): AsyncGenerator<WorkEvent, void> {
    checkRequest(request);
    this.#checkPrecision(request);
    throwIfOver(signal, this.#stop.signal);
    yield { kind: 'started' };
    const { value: model, release } = yield* toldLease(this.#cache.lease(request));
    try {
      const { readPicture, readMask } = this.#options;
      const { generation, notices } = yield* told(
        prepare({
          number: this.#count++,
          request,
          previewAfter,
          live,
          model,
          limits: this.#limits,
          read: { readPicture, readMask },
          now: () => performance.now(),
        }),
      );
      yield* notices;
      throwIfOver(signal, this.#stop.signal);
      const stop = (): void => {
        this.#engine.remove(generation);
        generation.events.fail(signal.aborted ? new CancelledError() : new StoppedError());
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#stop.signal.addEventListener('abort', stop, { once: true });
      try {
        this.#engine.add(generation);
        yield* generation.events.read();
      } finally {
        // Also when the reader turned away before the end.
        this.#engine.remove(generation);
        signal.removeEventListener('abort', stop);
        this.#stop.signal.removeEventListener('abort', stop);
      }
    } finally {
      release();
    }
  }

  /** Products of 8 bits saturate where there are no instructions for them: such a picture would be another one. */
  #checkPrecision({ precision }: GenerationRequest): void {
    const draws = this.#options.drawsEightBits ?? (this.#device.kind !== 'cpu' || eightBitInstructions() !== undefined);
    if (precision === 'int8' && !draws) {
      throw noEightBits();
    }
  }

  async *#upscale(
    { request }: Extract<Work, { kind: 'upscale' }>,
    signal: AbortSignal,
  ): AsyncGenerator<WorkEvent, void> {
    throwIfOver(signal, this.#stop.signal);
    yield { kind: 'started' };
    yield* this.#upscaling.run(request, () => throwIfOver(signal, this.#stop.signal));
  }
}
