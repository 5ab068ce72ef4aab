/**
 * A net that runs: a serialised graph opened on a device, tensors in, fp32 tensors out. `create` and `run` block this
 * thread while they work, so a program that must answer meanwhile keeps them in a process of its own. Never in a
 * worker thread that may be terminated: onnxruntime then ends the whole program.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';

import { UserError } from '../../core/errors.ts';
import type { SerializedModel } from '../onnx/serialize.ts';
import { deviceFault } from './device-fault.ts';
import { DeviceMemory } from './device-memory.ts';
import { requireDevice, type Device } from './device.ts';
import type { Turn } from './device-turns.ts';
import { floatsOf, freeCopy, mixedOf, withoutNames } from './results.ts';
import { loadRuntime, type Runtime } from './runtime.ts';
import type { ByteTensor, Feeds, FloatTensor } from './tensors.ts';

export type SessionOptions = {
  readonly device?: Device;
  /**
   * 'throughput' (default): weights are packed for the fastest run, which copies them and takes seconds for a
   * gigabyte. 'fast': starts at once, weights stay in the page cache, runs 4-10 % slower.
   */
  readonly startup?: 'throughput' | 'fast';
  /** Threads of one run; default: one per physical core. */
  readonly threads?: number;
  /** Whether the memory of a call stays reserved for the next one, which spares a little time. Default true. */
  readonly keepsMemory?: boolean;
  /** Shared by the sessions of a device; default: one that keeps nothing. */
  readonly memory?: DeviceMemory;
  /** What the graph's weights take, to be counted there. */
  readonly weightBytes?: number;
  /** Whether what fails is also written to the process's errors by onnxruntime itself. Default true. */
  readonly isLogged?: boolean;
};

/**
 * How long a thread that found no work looks for some before it sleeps. Between the operators of a call that is enough;
 * onnxruntime's own, far longer time outlasts the call, and a model is several sessions: the threads of the text encoder
 * and the autoencoder then took the processor from the UNet, which ran as if it had one thread (measured with moji).
 */
const SPIN_MICROSECONDS = '1000';

/**
 * COREML_FLAG_CREATE_MLPROGRAM: the format that keeps the types of the graph and has more of its operators than the older one,
 * by onnxruntime's documentation; not tried.
 */
const CREATE_ML_PROGRAM = 0x010;

export class Session {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #device: Device;
  readonly #memory: DeviceMemory;
  readonly #weightBytes: number;
  #isReleased = false;

  private constructor(runtime: Runtime, session: InferenceSession, device: Device, options: SessionOptions) {
    this.#runtime = runtime;
    this.#session = session;
    this.#device = device;
    this.#memory = options.memory ?? new DeviceMemory(device, 0);
    this.#weightBytes = options.weightBytes ?? 0;
    this.#memory.holds(this.#weightBytes);
  }

  /** Throws `UserError`: `device.missing` for a device this machine lacks, `device.failed` where it does not open. */
  static async create(model: SerializedModel, options: SessionOptions = {}): Promise<Session> {
    const device = options.device ?? { kind: 'cpu' };
    await requireDevice(device);
    const runtime = await loadRuntime();
    try {
      return new Session(
        runtime,
        await runtime.InferenceSession.create(model.bytes, nativeOptions(model, device, options)),
        device,
        options,
      );
    } catch (cause) {
      const fault = deviceFault(device, cause);
      if (device.kind === 'cpu' || fault !== cause) {
        throw fault;
      }
      throw new UserError(
        'device.failed',
        `Expected ${device.kind} to open the model, it did not (${messageOf(cause)}); check the driver or use cpu.`,
        {
          params: { device: device.kind },
          cause,
        },
      );
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  /**
   * Every input must be fed; gives every output by name, those named in `into` written over what lies there. Throws
   * `UserError` (`device.memory`, `device.lost`).
   */
  async run(
    feeds: Feeds,
    turn: Turn = 'other',
    into: Readonly<Record<string, FloatTensor>> = {},
  ): Promise<Readonly<Record<string, FloatTensor>>> {
    const places = Object.entries(into);
    const results = await this.#run(feeds, turn, places);
    for (const [name, { data }] of places) {
      freeCopy(results[name], data);
    }
    return { ...floatsOf(withoutNames(results, into)), ...into };
  }

  /** As `run`, of a graph that gives bytes too: inputs of other graphs. */
  async runMixed(feeds: Feeds): Promise<Readonly<Record<string, FloatTensor | ByteTensor>>> {
    return mixedOf(await this.#run(feeds, 'other', []));
  }

  async #run(
    feeds: Feeds,
    turn: Turn,
    places: readonly (readonly [string, FloatTensor])[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    if (this.#isReleased) {
      throw new Error('The session is released.');
    }
    return this.#memory.during(turn, async () => {
      try {
        const native: Record<string, Tensor> = {};
        for (const [name, tensor] of Object.entries(feeds)) {
          // A step in a style has hundreds of inputs: what is at hand is not waited for.
          const given = this.#memory.native(this.#runtime, tensor);
          native[name] = given instanceof Promise ? await given : given;
        }
        if (places.length === 0) {
          return await this.#session.run(native);
        }
        const fetches = places.map(
          ([name, { data, shape }]) => [name, new this.#runtime.Tensor('float32', data, shape)] as const,
        );
        const rest = this.#session.outputNames.filter((name) => places.every(([taken]) => taken !== name));
        return await this.#session.run(native, Object.fromEntries([...rest.map((name) => [name, null]), ...fetches]));
      } catch (cause) {
        throw deviceFault(this.#device, cause);
      }
    });
  }

  /** Frees the weights. A second call does nothing. */
  async release(): Promise<void> {
    if (!this.#isReleased) {
      this.#isReleased = true;
      this.#memory.holds(-this.#weightBytes);
      await this.#session.release();
    }
  }
}

function nativeOptions(
  model: SerializedModel,
  device: Device,
  options: SessionOptions,
): InferenceSession.SessionOptions {
  const { startup = 'throughput', threads, keepsMemory = true, isLogged = true } = options;
  // A pattern is a second home for all that a call computes, beside the arena: 0.8 GB for a decoder of 512², and no faster.
  // DirectML is documented to refuse sessions with patterns, and to want its operators one after another; not tried.
  const pattern =
    device.kind === 'cpu' || device.kind === 'dml'
      ? { enableMemPattern: false, executionMode: 'sequential' as const }
      : {};
  const session = {
    ...(model.folder !== undefined && { model_external_initializers_file_folder_path: model.folder }),
    ...(startup === 'fast' && { disable_prepacking: '1' }),
    intra_op: { spin_duration_us: SPIN_MICROSECONDS },
  };
  return {
    executionProviders: [executionProvider(device)],
    graphOptimizationLevel: startup === 'fast' ? 'extended' : 'all',
    logSeverityLevel: isLogged ? 3 : 4,
    ...pattern,
    ...(threads !== undefined && { intraOpNumThreads: threads }),
    ...(!keepsMemory && { enableCpuMemArena: false }),
    extra: { session },
  };
}

function executionProvider(device: Device): InferenceSession.ExecutionProviderConfig {
  switch (device.kind) {
    case 'cuda':
    case 'tensorrt':
    case 'dml':
      return { name: device.kind, deviceId: device.deviceId };
    case 'cpu':
      return { name: device.kind };
    case 'coreml':
      return { name: device.kind, coreMlFlags: CREATE_ML_PROGRAM };
    case 'webgpu':
      return { name: device.kind, preferredLayout: device.layout ?? 'NCHW' };
    default:
      return device satisfies never;
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? cause.message) : String(cause);
}
