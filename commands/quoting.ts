/** Which dashes, quotes and backslashes count in free text, in the many forms that phones and languages make of them. */

/** Hyphens, the dashes that phones make of two of them, minus signs, and their full-width and non-breaking kinds. */
const DASH = '[-‐‑‒–—―−﹘﹣－]';
export const DASHES = `(?:${DASH}{2}|[–—―])`;
const OPENERS = '"“„«';
/** What a backslash at the head of a word keeps from being an option or a quotation. */
const ESCAPED = new RegExp(`(?<=^|\\s)\\\\(\\\\*(?:${DASHES}\\p{L}|[${OPENERS}]))`, 'gu');
const ESCAPABLE_OPTION = new RegExp(`(?<=^|\\s)(?=\\\\*${DASHES}\\p{L})`, 'gu');
const ESCAPABLE = new RegExp(`(?<=^|\\s)(?=\\\\*(?:${DASHES}\\p{L}|[${OPENERS}]))`, 'gu');
/** What closes each opening quote; the last opens and closes in some languages. */
const CLOSERS: Readonly<Record<string, string>> = { '"': '"', '“': '”“', '„': '“”', '«': '»' };

/**
 * The index of the quote that closes the one `body` begins with. With `endsWord`, only one that ends a word counts, and
 * a backslash is a letter: that is how people quote in prose.
 */
export function quoteEnd(body: string, endsWord = false): number | undefined {
  const closers = CLOSERS[body[0] ?? ''];
  if (closers === undefined) {
    return undefined;
  }
  for (let index = 1; index < body.length; index++) {
    const char = body[index] ?? '';
    if (char === '\\' && !endsWord) {
      index++;
    } else if (closers.includes(char) && (!endsWord || /^($|[\s.,;:!?])/u.test(body.slice(index + 1, index + 2)))) {
      return index;
    }
  }
  return undefined;
}

export function quoted(value: string): string {
  return `"${value.replace(/["\\]/gu, '\\$&')}"`;
}

export function unquoted(value: string): string {
  return value.replace(/\\(["\\”“„«»])/gu, '$1');
}

export function unescaped(value: string): string {
  return value.replace(ESCAPED, '$1');
}

/** With a backslash before what would be read as an option; with `all`, before what would be read as a quotation too. */
export function escaped(value: string, what: 'options' | 'all'): string {
  return value.replace(what === 'all' ? ESCAPABLE : ESCAPABLE_OPTION, '\\');
}
