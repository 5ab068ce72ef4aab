import { describe, expect, it } from 'vitest';

import { plainForm, readings, spelledOut, tokenWords, wordsOf } from '../../../src/bot/safety/normalise.ts';

const read = (text: string): readonly string[] => readings(plainForm(text)).flat();

describe('text as a word list sees it', () => {
  it('has no case, accents, wide letters or invisible characters', () => {
    expect(plainForm('Ｆöx\u200B É')).toBe('fox e');
  });

  it('undoes lookalikes and digits that stand for letters, and keeps the word as it was beside that', () => {
    expect(read('fоx')).toContain('fox'); // a Cyrillic о
    expect(read('k1tt3n')).toEqual(['k1tt3n', 'kitten']);
    expect(read('1k1tt3n4')).toContain('kitten');
    expect(read('1984')).toEqual(['1984']);
  });

  it('says a letter at most twice', () => {
    expect(read('kiiitten')).toContain('kitten');
    expect(read('kitten')).toEqual(['kitten']);
  });

  it('joins what signs or spaces take apart, and not what words do', () => {
    expect(read('kit-ten')).toContain('kitten');
    expect(read('a kit-ten,cat')).toContain('kitten');
    expect(spelledOut('a f o x y and 1 f 0 x')).toEqual(['afoxy', '1f0x', 'ifox']);
    expect(spelledOut('a fox, 1 2 3')).toEqual([]);
    expect(read('kit ten')).not.toContain('kitten');
  });

  it('keeps words whole: nothing is found inside one', () => {
    expect(wordsOf('class, glass!')).toEqual(['class', 'glass']);
    expect(tokenWords('naked1 1fox')).toEqual([['naked'], ['fox']]);
    expect(tokenWords("fox™ x\u200bfox é'dfox FOX's")).toEqual([['fox'], ['x'], ['fox'], ['e'], ['fox'], ['fox']]);
  });
});
