/**
 * A list of words and phrases that are not drawn, and whether a text has one, as a reader sees it or as the model's
 * tokenizer does. Whole words only; `word*` takes every word that begins so. It judges words, never pixels.
 */
import { readText, type ReadText, wordsOf } from './normalise.ts';

type Word = { readonly text: string; readonly fits: 'whole' | 'start' | 'inside' };
type Phrase = { readonly source: string; readonly words: readonly Word[] };

/** Shorter ones stand in too many runs of letters by chance. */
const SPELLED_LETTERS = 3;

export class WordList {
  /** By their first word where that is whole; the others are few. */
  readonly #byFirst = new Map<string, Phrase[]>();
  readonly #others: Phrase[] = [];
  readonly #spelled: readonly { readonly source: string; readonly letters: string }[];

  constructor(entries: readonly string[]) {
    const phrases = entries
      .map((source) => ({ source: source.trim(), words: phraseWords(source) }))
      .filter(({ words }) => words.length > 0);
    for (const phrase of phrases) {
      const [first] = phrase.words;
      if (first?.fits === 'whole') {
        this.#byFirst.set(first.text, [...(this.#byFirst.get(first.text) ?? []), phrase]);
      } else {
        this.#others.push(phrase);
      }
    }
    this.#spelled = phrases
      .map(({ source, words }) => ({ source, letters: words.map(({ text }) => text).join('') }))
      .filter(({ letters }) => letters.length >= SPELLED_LETTERS);
  }

  /** An entry that the text has, as it stands in the list; undefined for none. */
  find(text: string | ReadText): string | undefined {
    const { words: ways, spelled } = typeof text === 'string' ? readText(text) : text;
    for (const words of ways) {
      for (const [start, forms] of words.entries()) {
        const candidates = [...forms.flatMap((form) => this.#byFirst.get(form) ?? []), ...this.#others];
        const found = candidates.find((phrase) => matchesAt(phrase, words, start));
        if (found !== undefined) {
          return found.source;
        }
      }
    }
    return this.#spelled.find(({ letters }) => spelled.some((run) => run.includes(letters)))?.source;
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
