/**
 * A prompt as a model with a small vocabulary can read it: other languages put into English by their terms, and for a word
 * that it never learnt the nearest that it did. Says which words those were. Pure.
 *
 * Punctuation, and with it weights, stays where it was.
 */
import { plainForms } from './plain-forms.ts';
import { splitWords, type Token } from './split-words.ts';
import { translate } from './translate.ts';
import type { WordTable } from './word-table.ts';

/** A word that the model does not know, as it was typed, and what is drawn for it; undefined: nothing. */
export type UnknownWord = { readonly word: string; readonly drawn: string | undefined };

export type ReadPrompt = { readonly prompt: string; readonly unknown: readonly UnknownWord[] };

const LONGEST_NAME = 5;

export function readPrompt(table: WordTable, typed: string): ReadPrompt {
  const text = translate(table, typed);
  const tokens = splitWords(text);
  const unknown: UnknownWord[] = [];
  let prompt = '';
  let done = 0;
  // Where the last word lies that cannot be drawn: one that follows it directly makes a name with it (harry potter).
  let lost: { readonly start: number; readonly end: number } | undefined;
  for (let at = 0; at < tokens.length;) {
    const found = longest(table, text, tokens, at);
    const [first, last] = [tokens[at], tokens[at + found.length - 1]];
    if (first === undefined || last === undefined) {
      throw new RangeError(`a name of ${found.length} words at ${at} of ${tokens.length}`);
    }
    if (found.drawn !== undefined) {
      prompt += text.slice(done, first.start) + found.drawn;
      done = last.end;
    }
    if (!found.isKnown) {
      let { start } = first;
      if (found.drawn === undefined && lost !== undefined && text.slice(lost.end, start) === ' ') {
        unknown.pop();
        start = lost.start;
      }
      unknown.push({ word: text.slice(start, last.end), drawn: found.drawn });
      lost = found.drawn === undefined ? { start, end: last.end } : undefined;
    }
    at += found.length;
  }
  return { prompt: prompt + text.slice(done), unknown: withoutRepeats(unknown) };
}

type Found = { readonly length: number; readonly isKnown: boolean; readonly drawn: string | undefined };

/** The longest name that begins at a token; one word that is not known where there is none. */
function longest(table: WordTable, text: string, tokens: readonly Token[], at: number): Found {
  for (let length = Math.min(LONGEST_NAME, tokens.length - at); length >= 1; length--) {
    const part = tokens.slice(at, at + length);
    if (!part.every((token, k) => k === 0 || text.slice(part[k - 1]?.end, token.start) === ' ')) {
      continue;
    }
    const forms = plainForms(part.map(({ word }) => word).join(' '));
    if (forms.some((form) => table.known.has(form)) || (length === 1 && isSilent(table, forms))) {
      return { length, isKnown: true, drawn: undefined };
    }
    const drawn = forms.map((form) => table.near.get(form)).find((name) => name !== undefined);
    if (drawn !== undefined) {
      return { length, isKnown: false, drawn };
    }
  }
  return { length: 1, isKnown: false, drawn: undefined };
}

/**
 * Names nothing to be seen, is a number or a letter (虎 is a word of its own), or is put together from words that the model
 * knows or passes over.
 */
function isSilent(table: WordTable, forms: readonly string[]): boolean {
  const [word = ''] = forms;
  return (
    /^\P{Script=Han}$|^\d/u.test(word) ||
    forms.some((form) => table.silent.has(form)) ||
    (word.includes('-') &&
      word.split('-').every((part) => table.known.has(part) || table.silent.has(part) || /^.?$/u.test(part)))
  );
}

function withoutRepeats(words: readonly UnknownWord[]): readonly UnknownWord[] {
  return words.filter(
    ({ word }, k) => words.findIndex((other) => other.word.toLowerCase() === word.toLowerCase()) === k,
  );
}
