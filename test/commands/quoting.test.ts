import { describe, expect, it } from 'vitest';

import { escaped, quoted, quoteEnd, unescaped, unquoted } from '../../commands/quoting.ts';

describe('quotation marks', () => {
  it('close what they open, each language’s pair', () => {
    for (const text of ['"a fox" more', '“a fox” more', '„a fox“ more', '«a fox» more']) {
      expect(text.slice(1, quoteEnd(text))).toBe('a fox');
    }
    expect(quoteEnd('a fox')).toBeUndefined();
    expect(quoteEnd('"a fox')).toBeUndefined();
  });

  it('are passed over behind a backslash, except in prose, where only one that ends a word counts', () => {
    expect(quoteEnd('"5\\" tall"')).toBe(9);
    expect(quoteEnd('"a 5"x7 frame", oil', true)).toBe(13);
  });

  it('stand around any text so that it comes back', () => {
    for (const text of ['a "fox"', 'back\\slash', '', 'a\nb']) {
      expect(unquoted(quoted(text).slice(1, -1))).toBe(text);
    }
  });
});

describe('a backslash at the head of a word', () => {
  it('keeps dashes from being an option, and quotes where that is asked for', () => {
    expect(escaped('a --fox "b"', 'options')).toBe('a \\--fox "b"');
    expect(escaped('a --fox "b"', 'all')).toBe('a \\--fox \\"b"');
    expect(unescaped('a \\--fox \\"b" c\\d')).toBe('a --fox "b" c\\d');
  });
});
