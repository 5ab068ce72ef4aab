/** What a call of onnxruntime has given, as plain data. Knows no session. */
import type { InferenceSession, Tensor } from 'onnxruntime-node';

import type { ByteTensor, FloatTensor } from './tensors.ts';

type Results = InferenceSession.OnnxValueMapType;

export function floatsOf(results: Results): Readonly<Record<string, FloatTensor>> {
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, floatTensor(name, tensor)]));
}

/** Bytes as bytes. */
export function mixedOf(results: Results): Readonly<Record<string, FloatTensor | ByteTensor>> {
  return Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => {
      const { data, dims } = tensor;
      return [name, data instanceof Int8Array ? { data: new Int8Array(data), shape: dims } : floatTensor(name, tensor)];
    }),
  );
}

export function withoutNames(results: Results, names: Readonly<Record<string, unknown>>): Results {
  return Object.fromEntries(Object.entries(results).filter(([name]) => !(name in names)));
}

/** A port that nobody listens at: a buffer sent there is freed at once, not when the garbage collector gets to it. */
const { port1: nowhere } = new MessageChannel();
nowhere.close();

/** onnxruntime-node gives a copy of what it wrote where it was told to: hundreds of megabytes in a training step. */
export function freeCopy(copy: Tensor | undefined, original: Float32Array): void {
  const data = copy?.data;
  if (data instanceof Float32Array && data.buffer instanceof ArrayBuffer && data.buffer !== original.buffer) {
    nowhere.postMessage(undefined, [data.buffer]);
  }
}

function floatTensor(name: string, tensor: Tensor): FloatTensor {
  const { data, dims } = tensor;
  if (!(data instanceof Float32Array)) {
    throw new Error(`Expected the output ${name} in fp32, got ${tensor.type}.`);
  }
  // Outputs of onnxruntime-node own plain memory of their own; the copy is for a view that does not.
  return {
    data:
      data.buffer instanceof ArrayBuffer
        ? new Float32Array(data.buffer, data.byteOffset, data.length)
        : new Float32Array(data),
    shape: dims,
  };
}
