/**
 * Single numbers that lie in tensors, of whatever number type: alphas, switches, scales. Knows no file's meaning.
 */
import { open } from 'node:fs/promises';

import { BYTES_PER_ELEMENT, isFloatDtype, widenInto } from './dtype.ts';
import type { Dtype, TensorInfo } from './tensor-source.ts';

/** The number in each tensor of one file; the first one of several, undefined in an empty one. */
export async function readNumbers(
  file: string,
  infos: readonly TensorInfo[],
): Promise<readonly (number | undefined)[]> {
  if (infos.length === 0) {
    return [];
  }
  const handle = await open(file, 'r');
  try {
    const numbers: (number | undefined)[] = [];
    for (const { dtype, offset, length } of infos) {
      const bytes = new Uint8Array(BYTES_PER_ELEMENT[dtype]);
      const { bytesRead } = length === 0 ? { bytesRead: 0 } : await handle.read(bytes, 0, bytes.length, offset);
      numbers.push(bytesRead === bytes.length ? numberIn(dtype, bytes) : undefined);
    }
    return numbers;
  } finally {
    await handle.close();
  }
}

function numberIn(dtype: Dtype, bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  if (isFloatDtype(dtype)) {
    const out = new Float32Array(1);
    widenInto(dtype, bytes, out);
    return out[0] ?? 0;
  }
  switch (dtype) {
    case 'I64':
      return Number(view.getBigInt64(0, true));
    case 'U64':
      return Number(view.getBigUint64(0, true));
    case 'I32':
      return view.getInt32(0, true);
    case 'U32':
      return view.getUint32(0, true);
    case 'I16':
      return view.getInt16(0, true);
    case 'U16':
      return view.getUint16(0, true);
    case 'I8':
      return view.getInt8(0);
    case 'U8':
    case 'BOOL':
      return view.getUint8(0);
    default:
      return dtype satisfies never;
  }
}
