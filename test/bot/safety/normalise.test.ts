import { describe, expect, it } from 'vitest';

import { plainForm, readings, tokenWords, wordsOf } from '../../../src/bot/safety/normalise.ts';

const read = (text: string): readonly string[] => readings(text).flat();

describe('text as a word list sees it', () => {
  it('has no case, accents, wide letters or invisible characters', () => {
    expect(plainForm('Ｆöx\u200B É')).toBe('fox e');
  });

  it('undoes lookalikes and digits that stand for letters, and keeps the word as it was beside that', () => {
    expect(read('fоx')).toContain('fox'); // a Cyrillic о
    expect(read('k1tt3n')).toEqual(['k1tt3n', 'kitten']);
    expect(read('1984')).toEqual(['1984']);
  });

  it('joins what signs or spaces take apart, and not what words do', () => {
    expect(read('kit-ten')).toContain('kitten');
    expect(read('a f o x')).toContain('fox');
    expect(read('kit ten')).not.toContain('kitten');
  });

  it('keeps words whole: nothing is found inside one', () => {
    expect(wordsOf('class, glass!')).toEqual(['class', 'glass']);
    expect(tokenWords('naked1 1fox')).toEqual([['naked'], ['fox']]);
  });
});
