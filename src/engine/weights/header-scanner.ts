/**
 * A scanner of the JSON that safetensors headers are made of: objects, strings, whole numbers, and nothing that costs more
 * memory than its own text. Knows no names of the format.
 */

/** What is wrong with a header; `code` is the last part of a `weights.…` error code. */
export class HeaderFault extends Error {
  readonly code: string;

  constructor(code: string, what: string) {
    super(what);
    this.code = code;
  }
}

/** Sides of a tensor: none has more. */
const MOST_INTEGERS = 16;

/** Every method leaves the cursor behind what it read, or throws `HeaderFault`. */
export class HeaderScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  startsWith(mark: string): boolean {
    return this.#text.startsWith(mark, this.#at);
  }

  /** The next characters, for what is said of a value that is none of ours. */
  glimpse(): string {
    return /^[^,}\s]{0,20}/.exec(this.#text.slice(this.#at, this.#at + 20))?.[0] ?? '';
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) {
      throw this.#unexpected('nothing more');
    }
  }

  object(onKey: (key: string) => void): void {
    this.#expect('{');
    if (this.#accept('}')) {
      return;
    }
    do {
      this.#space();
      const key = this.string();
      this.#expect(':');
      this.#space();
      onKey(key);
    } while (this.#accept(','));
    this.#expect('}');
  }

  integers(): readonly number[] {
    const values: number[] = [];
    this.#expect('[');
    if (this.#accept(']')) {
      return values;
    }
    do {
      this.#space();
      values.push(this.#integer());
      if (values.length > MOST_INTEGERS) {
        throw this.#unexpected(`a list of at most ${MOST_INTEGERS} numbers`);
      }
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

  string(): string {
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

  acceptWord(word: string): boolean {
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
    return new HeaderFault('header', `its header lacks ${wanted} at character ${this.#at}`);
  }
}

/** Names come from strangers: shortened, and on one line. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 79)}…` : name);
}
