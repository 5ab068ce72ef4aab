/**
 * A list of words and phrases that are not drawn, and whether a text has one, as a reader sees it or as the model's
 * tokenizer does. Whole words only; `word*` takes every word that begins so. It judges words, never pixels.
 */
import { readings, tokenWords, wordsOf } from './normalise.ts';

type Phrase = {
  readonly source: string;
  readonly words: readonly { readonly text: string; readonly fits: 'whole' | 'start' | 'inside' }[];
};

export class WordList {
  readonly #phrases: readonly Phrase[];

  constructor(entries: readonly string[]) {
    this.#phrases = entries
      .map((source) => ({ source: source.trim(), words: phraseWords(source) }))
      .filter(({ words }) => words.length > 0);
  }

  /** The entry that the text has, as it stands in the list; undefined for none. */
  find(text: string): string | undefined {
    const texts = [readings(text), tokenWords(text)];
    return this.#phrases.find((phrase) =>
      texts.some((words) => words.some((_, start) => matchesAt(phrase, words, start))),
    )?.source;
  }
}

/** Scripts without spaces between words: a run of letters there is many words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function matchesAt(phrase: Phrase, words: readonly (readonly string[])[], start: number): boolean {
  return phrase.words.every(({ text, fits }, offset) =>
    words[start + offset]?.some((reading) => {
      switch (fits) {
        case 'whole':
          return reading === text;
        case 'start':
          return reading.startsWith(text);
        case 'inside':
          return reading.includes(text);
        default:
          return fits satisfies never;
      }
    }),
  );
}

function phraseWords(source: string): Phrase['words'] {
  return source.split(/\s+/u).flatMap((part) => {
    const words = wordsOf(part);
    return words.map((text, index) => {
      const isStart = part.endsWith('*') && index === words.length - 1;
      return { text, fits: UNSPACED.test(text) ? 'inside' : isStart ? 'start' : 'whole' };
    });
  });
}
