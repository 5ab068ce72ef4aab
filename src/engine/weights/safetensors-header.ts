/**
 * The JSON header of a safetensors file, read with suspicion: it comes from strangers.
 *
 * A scanner of exactly the format's grammar instead of `JSON.parse`, because a repeated name must be seen and nothing
 * in a header may cost more memory than its own text. Knows bytes and lengths, no files.
 * Format: https://huggingface.co/docs/safetensors (8-byte length, header, then the tensors without holes).
 */
import { BYTES_PER_ELEMENT } from './dtype.ts';
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

/** What is wrong with a header; `code` is the last part of a `weights.…` error code. */
export class HeaderFault extends Error {
  readonly code: string;

  constructor(code: string, what: string) {
    super(what);
    this.code = code;
  }
}

/**
 * Parses the header's text and checks it against the `dataLength` bytes that follow it.
 * Throws `HeaderFault` with a clause that says what was found.
 */
export function parseHeader(bytes: Uint8Array, dataLength: number): SafetensorsHeader {
  const header = new Scanner(decode(bytes)).header();
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

/** Reads one header object; every method leaves the cursor behind what it read. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  header(): SafetensorsHeader {
    if (!this.#text.startsWith('{')) {
      throw new HeaderFault('header', 'its header does not begin with {');
    }
    const tensors = new Map<string, HeaderTensor>();
    let metadata: ReadonlyMap<string, string> | undefined;
    this.#object((key) => {
      if (key === '__metadata__' && metadata === undefined) {
        metadata = this.#metadata();
      } else if (key === '__metadata__' || tensors.has(key)) {
        throw new HeaderFault('duplicate', `its header names ${quote(key)} twice`);
      } else {
        tensors.set(key, this.#tensor(key));
      }
    });
    this.#space();
    if (this.#at !== this.#text.length) {
      throw this.#unexpected('nothing more');
    }
    return { metadata: metadata ?? new Map(), tensors: [...tensors.values()] };
  }

  /** `null`, for all of it or for a value, counts as absent; some writers put it there. */
  #metadata(): ReadonlyMap<string, string> {
    const entries = new Map<string, string>();
    if (this.#acceptWord('null')) {
      return entries;
    }
    this.#object((key) => {
      if (entries.has(key)) {
        throw new HeaderFault('duplicate', `its metadata names ${quote(key)} twice`);
      }
      if (this.#acceptWord('null')) {
        return;
      }
      if (this.#text[this.#at] !== '"') {
        const given = /[^,}\s]{0,20}/y;
        given.lastIndex = this.#at;
        throw new HeaderFault(
          'header',
          `its metadata must be text, and ${quote(key)} is ${given.exec(this.#text)?.[0] ?? ''}`,
        );
      }
      entries.set(key, this.#string());
    });
    return entries;
  }

  #tensor(name: string): HeaderTensor {
    let dtype: Dtype | undefined;
    let shape: readonly number[] | undefined;
    let offsets: readonly number[] | undefined;
    this.#object((key) => {
      if (key === 'dtype' && dtype === undefined) {
        dtype = this.#dtype(name);
      } else if (key === 'shape' && shape === undefined) {
        shape = this.#integers();
      } else if (key === 'data_offsets' && offsets === undefined) {
        offsets = this.#integers();
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

  #dtype(name: string): Dtype {
    const word = this.#string();
    const dtype = DTYPES.find((known) => known === word);
    if (dtype === undefined) {
      throw new HeaderFault('dtype', `${quote(name)} has the unknown number type ${quote(word)}`);
    }
    return dtype;
  }

  #object(onKey: (key: string) => void): void {
    this.#expect('{');
    if (this.#accept('}')) {
      return;
    }
    do {
      this.#space();
      const key = this.#string();
      this.#expect(':');
      this.#space();
      onKey(key);
    } while (this.#accept(','));
    this.#expect('}');
  }

  #integers(): readonly number[] {
    const values: number[] = [];
    this.#expect('[');
    if (this.#accept(']')) {
      return values;
    }
    do {
      this.#space();
      values.push(this.#integer());
    } while (this.#accept(','));
    this.#expect(']');
    return values;
  }

  #integer(): number {
    const pattern = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
    pattern.lastIndex = this.#at;
    const value = Number(pattern.exec(this.#text)?.[0] ?? NaN);
    if (!Number.isSafeInteger(value)) {
      throw this.#unexpected('a whole number');
    }
    this.#at = pattern.lastIndex;
    return value;
  }

  #string(): string {
    const begin = this.#at;
    if (this.#text[begin] !== '"') {
      throw this.#unexpected('a string');
    }
    let end = begin;
    do {
      end = this.#text.indexOf('"', end + 1);
      if (end < 0) {
        throw this.#unexpected('a string that ends');
      }
    } while (this.#isEscaped(end));
    this.#at = end + 1;
    try {
      return String(JSON.parse(this.#text.slice(begin, end + 1)));
    } catch (cause) {
      throw Object.assign(new HeaderFault('header', 'its header holds a malformed string'), { cause });
    }
  }

  /** Whether an odd number of backslashes stands before `at`. */
  #isEscaped(at: number): boolean {
    let before = at - 1;
    while (this.#text[before] === '\\') {
      before--;
    }
    return (at - before) % 2 === 0;
  }

  #expect(mark: string): void {
    if (!this.#accept(mark)) {
      throw this.#unexpected(mark);
    }
  }

  #accept(mark: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== mark) {
      return false;
    }
    this.#at++;
    return true;
  }

  #acceptWord(word: string): boolean {
    const isThere = this.#text.startsWith(word, this.#at);
    this.#at += isThere ? word.length : 0;
    return isThere;
  }

  #space(): void {
    while (this.#at < this.#text.length && ' \n\r\t'.includes(this.#text.charAt(this.#at))) {
      this.#at++;
    }
  }

  #unexpected(wanted: string): HeaderFault {
    return new HeaderFault('header', `its header has no ${wanted} at character ${this.#at}`);
  }
}

/** Names come from strangers: shortened, and on one line. */
function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 79)}…` : name);
}
