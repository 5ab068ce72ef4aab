/**
 * What calls send to a device, counted; and what stays there, so that it is sent once: tensors marked `stays`, up to a bound,
 * the ones used last. Only WebGPU gives such tensors to Node; an identity graph uploads them. Elsewhere everything travels in
 * every call. Knows no net.
 *
 * Never read such a tensor back: `getData()` of one ends the process.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';

import { BoundedMap } from '../../core/bounded-map.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { ModelProto } from '../onnx/model-proto.ts';
import type { Device } from './device.ts';
import { DeviceTurns, type Turn } from './device-turns.ts';
import type { Runtime } from './runtime.ts';
import type { FloatTensor, HostTensor } from './tensors.ts';

export class DeviceMemory {
  readonly #kind: Device['kind'];
  readonly #resident: BoundedMap<string, Tensor>;
  /** Of arrays that stay, by which they are found again. */
  readonly #names = new WeakMap<Float32Array, string>();
  readonly #inCall = new Set<Tensor>();
  /** By rank. */
  readonly #uploaders = new Map<number, Promise<InferenceSession>>();
  readonly #turns = new DeviceTurns();
  #named = 0;
  #uploadedBytes = 0;
  #weightBytes = 0;

  /** `maxBytes`: of tensors that stay. */
  constructor(device: Device, maxBytes: number) {
    this.#kind = device.kind;
    this.#resident = new BoundedMap({
      maxCost: maxBytes,
      isInUse: (tensor) => this.#inCall.has(tensor),
      onEvict: (tensor) => tensor.dispose(),
    });
  }

  /** So far; 0 where nothing has to travel. */
  get uploadedBytes(): number {
    return this.#uploadedBytes;
  }

  /** Of the sessions that are open. */
  get weightBytes(): number {
    return this.#weightBytes;
  }

  /** A session with weights of so many bytes was opened, or closed where it is less than 0. */
  holds(bytes: number): void {
    this.#weightBytes += bytes;
  }

  /** One call at a time: two sessions at once were seen to end the process, and what a call was given stays until it ends. */
  during<Result>(turn: Turn, call: () => Promise<Result>): Promise<Result> {
    return this.#turns.take(turn, async () => {
      try {
        return await call();
      } finally {
        this.#inCall.clear();
      }
    });
  }

  /** As its session takes it in the call that lasts. */
  native(runtime: Runtime, given: HostTensor): Tensor | Promise<Tensor> {
    const { data, shape } = given;
    if (data instanceof Float32Array && this.#kind === 'webgpu' && 'stays' in given && given.stays) {
      return this.#staying(runtime, data, shape);
    }
    this.#uploadedBytes += this.#kind === 'cpu' ? 0 : data.byteLength;
    return hostTensor(runtime, given);
  }

  async release(): Promise<void> {
    this.#resident.clear();
    const uploaders = await Promise.allSettled(this.#uploaders.values());
    this.#uploaders.clear();
    await Promise.all(uploaders.map(async (each) => (each.status === 'fulfilled' ? each.value.release() : undefined)));
  }

  async #staying(runtime: Runtime, data: Float32Array<ArrayBuffer>, shape: readonly number[]): Promise<Tensor> {
    const name = this.#names.get(data) ?? String(this.#named++);
    this.#names.set(data, name);
    const key = `${name} ${shape.join('x')}`;
    const known = this.#resident.get(key);
    const tensor = known ?? (await this.#upload(runtime, { data, shape }));
    this.#inCall.add(tensor);
    if (known === undefined) {
      this.#resident.set(key, tensor, data.byteLength);
    }
    return tensor;
  }

  async #upload(runtime: Runtime, given: FloatTensor): Promise<Tensor> {
    const rank = given.shape.length;
    const opening = this.#uploaders.get(rank) ?? openUploader(runtime, rank);
    this.#uploaders.set(rank, opening);
    this.#uploadedBytes += given.data.byteLength;
    const { y } = await (await opening).run({ x: hostTensor(runtime, given) });
    if (y === undefined) {
      throw new Error('the upload gave no tensor');
    }
    return y;
  }
}

export function hostTensor(runtime: Runtime, { data, shape }: HostTensor): Tensor {
  if (data instanceof Uint16Array) {
    // From Node 23 on the tensor holds a Float16Array instead, of which the binding believes that it has no bytes.
    return Object.defineProperty(new runtime.Tensor('float16', data, shape), 'data', { value: data });
  }
  if (data instanceof Int8Array) {
    return new runtime.Tensor('int8', data, shape);
  }
  return data instanceof Float32Array
    ? new runtime.Tensor('float32', data, shape)
    : new runtime.Tensor('int64', data, shape);
}

function openUploader(runtime: Runtime, rank: number): Promise<InferenceSession> {
  const graph = new GraphBuilder('upload');
  const shape = Array.from({ length: rank }, (_, axis) => `side ${axis}`);
  graph.output('y', graph.input('x', 'f32', shape));
  return runtime.InferenceSession.create(ModelProto(graph.finish()), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'gpu-buffer',
    logSeverityLevel: 3,
  });
}
