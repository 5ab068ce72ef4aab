/**
 * The JSON header of a safetensors file, read with suspicion: it comes from strangers.
 *
 * Scanned by exactly the format's grammar instead of `JSON.parse`, because a repeated name must be seen and nothing
 * in a header may cost more memory than its own text. Knows bytes and lengths, no files.
 * Format: https://huggingface.co/docs/safetensors (8-byte length, header, then the tensors without holes).
 */
import { BYTES_PER_ELEMENT } from './dtype.ts';
import { HeaderFault, HeaderScanner, quote } from './header-scanner.ts';
import { DTYPES, type Dtype } from './tensor-source.ts';

export type HeaderTensor = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes from the end of the header. */
  readonly begin: number;
  readonly end: number;
};

export type SafetensorsHeader = {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of the header. */
  readonly tensors: readonly HeaderTensor[];
};

/** Whoever reads a header holds everybody up meanwhile. SDXL in one file has 2,500 tensors, its largest LoRAs 20,000. */
const MOST_TENSORS = 65_536;
const MOST_NOTES = 4096;

/**
 * Parses the header's text and checks it against the `dataLength` bytes that follow it.
 * Throws `HeaderFault` with a clause that says what was found.
 */
export function parseHeader(bytes: Uint8Array, dataLength: number): SafetensorsHeader {
  const header = readHeader(new HeaderScanner(decode(bytes)));
  checkLayout(header.tensors, dataLength);
  return header;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw Object.assign(new HeaderFault('header', 'its header is not UTF-8 text'), { cause });
  }
}

/** Every tensor as long as its shape says, and all of them side by side from 0 to the end of the file. */
function checkLayout(tensors: readonly HeaderTensor[], dataLength: number): void {
  for (const { name, dtype, shape, begin, end } of tensors) {
    let elements = 1;
    for (const side of shape) {
      elements *= side;
      if (!Number.isSafeInteger(elements)) {
        throw new HeaderFault('length', `the shape [${shape.join(', ')}] of ${quote(name)} is too large to be true`);
      }
    }
    if (end < begin || end > dataLength) {
      throw new HeaderFault('range', `${quote(name)} lies at bytes ${begin} to ${end} of ${dataLength}`);
    }
    const expected = elements * BYTES_PER_ELEMENT[dtype];
    if (end - begin !== expected) {
      throw new HeaderFault(
        'length',
        `${quote(name)} (${dtype} [${shape.join(', ')}]) needs ${expected} bytes and has ${end - begin}`,
      );
    }
  }
  let covered = 0;
  for (const { name, begin, end } of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) {
      throw new HeaderFault('overlap', `${quote(name)} overlaps the tensor before it`);
    }
    if (begin > covered) {
      throw new HeaderFault('gap', `${begin - covered} bytes before ${quote(name)} belong to no tensor`);
    }
    covered = end;
  }
  if (covered !== dataLength) {
    throw new HeaderFault('gap', `the last ${dataLength - covered} bytes belong to no tensor`);
  }
}

function readHeader(scanner: HeaderScanner): SafetensorsHeader {
  if (!scanner.startsWith('{')) {
    throw new HeaderFault('header', 'its header does not begin with {');
  }
  const tensors = new Map<string, HeaderTensor>();
  let metadata: ReadonlyMap<string, string> | undefined;
  scanner.object((key) => {
    if (key === '__metadata__' && metadata === undefined) {
      metadata = readMetadata(scanner);
    } else if (key === '__metadata__' || tensors.has(key)) {
      throw new HeaderFault('duplicate', `its header names ${quote(key)} twice`);
    } else {
      tensors.set(key, readTensor(scanner, key));
      requireFewer(tensors.size, MOST_TENSORS, 'tensors');
    }
  });
  scanner.end();
  return { metadata: metadata ?? new Map(), tensors: [...tensors.values()] };
}

/** `null`, for all of it or for a value, counts as absent; some writers put it there. */
function readMetadata(scanner: HeaderScanner): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  if (scanner.acceptWord('null')) {
    return entries;
  }
  scanner.object((key) => {
    if (entries.has(key)) {
      throw new HeaderFault('duplicate', `its metadata names ${quote(key)} twice`);
    }
    if (scanner.acceptWord('null')) {
      return;
    }
    if (!scanner.startsWith('"')) {
      throw new HeaderFault('header', `its metadata must be text, and ${quote(key)} is ${scanner.glimpse()}`);
    }
    entries.set(key, scanner.string());
    requireFewer(entries.size, MOST_NOTES, 'notes in its metadata');
  });
  return entries;
}

function requireFewer(count: number, most: number, what: string): void {
  if (count > most) {
    throw new HeaderFault('header', `it has more than ${most} ${what}`);
  }
}

function readTensor(scanner: HeaderScanner, name: string): HeaderTensor {
  let dtype: Dtype | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  scanner.object((key) => {
    if (key === 'dtype' && dtype === undefined) {
      dtype = readDtype(scanner, name);
    } else if (key === 'shape' && shape === undefined) {
      shape = scanner.integers();
    } else if (key === 'data_offsets' && offsets === undefined) {
      offsets = scanner.integers();
    } else {
      throw new HeaderFault('header', `its header has an unexpected ${quote(key)} in ${quote(name)}`);
    }
  });
  const [begin, end, ...more] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined || more.length > 0) {
    throw new HeaderFault('header', `its header gives no type, shape and two offsets for ${quote(name)}`);
  }
  return { name, dtype, shape, begin, end };
}

function readDtype(scanner: HeaderScanner, name: string): Dtype {
  const word = scanner.string();
  const dtype = DTYPES.find((known) => known === word);
  if (dtype === undefined) {
    throw new HeaderFault('dtype', `${quote(name)} has the unknown number type ${quote(word)}`);
  }
  return dtype;
}
