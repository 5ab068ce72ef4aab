/** The words of a text with where they stand; a hyphen or an apostrophe inside a word is part of it. Pure. */

/** `word` in lower case; `start` and `end` as of String.slice. */
export type Token = { readonly word: string; readonly start: number; readonly end: number };

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*/gu;

export function splitWords(text: string): readonly Token[] {
  return [...text.matchAll(WORD)].map((match) => ({
    word: match[0].toLowerCase().replaceAll('’', "'"),
    start: match.index,
    end: match.index + match[0].length,
  }));
}
