/**
 * Opens one safetensors file: reads the header alone and checks it against the file's length.
 * Refuses to know what the tensors are; their bytes stay on the disk.
 */
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { foreignFormat, HEAD_BYTES } from './foreign-formats.ts';
import { HeaderFault } from './header-scanner.ts';
import { parseHeader, type SafetensorsHeader } from './safetensors-header.ts';
import { TensorTable } from './tensor-table.ts';

export type SafetensorsFile = {
  /** Absolute path. */
  readonly file: string;
  readonly tensors: TensorTable;
  /** What the writer noted in the header's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
};

/** Far above any real header (SDXL: 0.3 MB), far below what hurts. */
const MAX_HEADER_BYTES = 32 << 20;

/**
 * Opens the file at `file`.
 * Throws `UserError` (`weights.missing`, `weights.format`, `weights.truncated`, `weights.header`, …) in one sentence
 * for everything that is not a whole and consistent safetensors file.
 */
export async function openSafetensors(file: string): Promise<SafetensorsFile> {
  const absolute = path.resolve(file);
  const handle = await openHandle(absolute);
  try {
    const { header, dataOffset } = await readHeader(handle, absolute);
    const infos = header.tensors.map(({ name, dtype, shape, begin, end }) => ({
      name,
      dtype,
      shape,
      file: absolute,
      offset: dataOffset + begin,
      length: end - begin,
    }));
    return { file: absolute, tensors: new TensorTable(absolute, infos), metadata: header.metadata };
  } finally {
    await handle.close();
  }
}

async function openHandle(file: string): Promise<FileHandle> {
  try {
    const handle = await open(file, 'r');
    if ((await handle.stat()).isFile()) {
      return handle;
    }
    await handle.close();
  } catch (cause) {
    throw new UserError(
      'weights.missing',
      `There must be a weights file at "${file}", but it cannot be opened; check the path and its permissions.`,
      {
        params: { file },
        cause,
      },
    );
  }
  throw new UserError(
    'weights.missing',
    `There must be a weights file at "${file}", but that is no file; name the file itself.`,
    { params: { file } },
  );
}

async function readHeader(
  handle: FileHandle,
  file: string,
): Promise<{ header: SafetensorsHeader; dataOffset: number }> {
  const { size } = await handle.stat();
  const head = await readExactly(handle, 0, Math.min(size, HEAD_BYTES));
  const foreign = foreignFormat(file, head);
  if (foreign !== undefined) {
    throw foreign;
  }
  try {
    if (size < 8) {
      throw new HeaderFault('truncated', `it is only ${size} bytes long`);
    }
    const declared = new DataView(head.buffer).getBigUint64(0, true);
    if (declared > MAX_HEADER_BYTES) {
      throw new HeaderFault('header', `it claims a header of ${declared} bytes`);
    }
    const length = Number(declared);
    if (8 + length > size) {
      throw new HeaderFault('truncated', `its header of ${length} bytes is cut off at ${size - 8}`);
    }
    return { header: parseHeader(await readExactly(handle, 8, length), size - 8 - length), dataOffset: 8 + length };
  } catch (fault) {
    if (fault instanceof HeaderFault) {
      throw unsound(file, fault);
    }
    throw fault;
  }
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await handle.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) {
      throw new HeaderFault('truncated', 'it became shorter while it was read');
    }
    at += bytesRead;
  }
  return bytes;
}

function unsound(file: string, fault: HeaderFault): UserError {
  const name = path.basename(file);
  return new UserError(
    `weights.${fault.code}`,
    `"${name}" must be a sound safetensors file, but ${fault.message}; download or export it again.`,
    { params: { file: name, fault: fault.message }, cause: fault },
  );
}
