/**
 * A prompt as a model with a small vocabulary can read it: other languages put into English by their terms, for a word
 * that it never learnt the nearest that it did, phrases in its captions' words, and what it never met left out. Says which
 * things it does not know. Pure.
 *
 * Punctuation, and with it weights, stays where it was.
 */
import { besideEachOther } from './beside-each-other.ts';
import { facing } from './by-its-face.ts';
import { plainForms } from './plain-forms.ts';
import { type Part, plainWording } from './plain-wording.ts';
import { splitWords, type Token } from './split-words.ts';
import { translate } from './translate.ts';
import type { WordTable } from './word-table.ts';

/** A word that the model does not know, as it was typed, and what is drawn for it; undefined: nothing. */
export type UnknownWord = { readonly word: string; readonly drawn: string | undefined };

export type ReadPrompt = { readonly prompt: string; readonly unknown: readonly UnknownWord[] };

const LONGEST_NAME = 5;

/**
 * `keepsUnknown`: words that the model never met are left to it, for somebody may have taught it some of them.
 * `addsNothing`: what it says is read, not drawn (what is not wanted, what may be asked for), so no face is asked for.
 */
export function readPrompt(
  table: WordTable,
  typed: string,
  { keepsUnknown = false, addsNothing = false } = {},
): ReadPrompt {
  const text = translate(table, typed);
  const tokens = splitWords(text);
  const unknown: UnknownWord[] = [];
  const parts: Part[] = [];
  const keepsAll = keepsUnknown || table.met === undefined;
  // Where the last word lies that cannot be drawn: one that follows it directly makes a name with it (harry potter).
  let lost: { readonly start: number; readonly end: number } | undefined;
  for (let at = 0; at < tokens.length;) {
    const found = longest(table, text, tokens, at);
    const [first, last] = [tokens[at], tokens[at + found.length - 1]];
    if (first === undefined || last === undefined) {
      throw new RangeError(`a name of ${found.length} words at ${at} of ${tokens.length}`);
    }
    const drawn = found.drawn === '' ? undefined : found.drawn;
    const typedName = text.slice(first.start, last.end);
    const stays = keepsAll || found.kind === 'known' || (found.kind === 'silent' && isMet(table, first.word));
    const said = drawn ?? (stays && found.drawn === undefined ? typedName : undefined);
    parts.push({ start: first.start, end: last.end, said, isThing: isThing(table, said ?? '') });
    if (found.kind === 'near' || found.kind === 'unknown') {
      let { start } = first;
      if (drawn === undefined && lost !== undefined && text.slice(lost.end, start) === ' ') {
        unknown.pop();
        start = lost.start;
      }
      unknown.push({ word: text.slice(start, last.end), drawn });
      lost = drawn === undefined ? { start, end: last.end } : undefined;
    }
    at += found.length;
  }
  const { apart, pairs } = besideEachOther(table, text, parts);
  // A prompt of nothing that it knows is still a prompt.
  const plain = plainWording(text, apart) || text;
  const face = addsNothing ? undefined : facing(table, apart);
  const prompt = face === undefined ? plain : `${face} ${plain}`;
  // A deed that turned out to be done to nothing is drawn as nothing.
  const told = [...unknown, ...pairs].filter(({ drawn }) => drawn === undefined || prompt.includes(drawn));
  return { prompt, unknown: withoutRepeats(told) };
}

/**
 * `near` and what is drawn for it; `known` and what captions say for it, if that is something else, '' where they have no
 * words; or nothing to draw.
 */
type Found = {
  readonly length: number;
  readonly kind: 'known' | 'near' | 'silent' | 'unknown';
  readonly drawn: string | undefined;
};

/** The longest name that begins at a token; one word that is not known where there is none. */
function longest(table: WordTable, text: string, tokens: readonly Token[], at: number): Found {
  for (let length = Math.min(LONGEST_NAME, tokens.length - at); length >= 1; length--) {
    const part = tokens.slice(at, at + length);
    if (!part.every((token, k) => k === 0 || text.slice(part[k - 1]?.end, token.start) === ' ')) {
      continue;
    }
    const typed = part.map(({ word }) => word).join(' ');
    const forms = plainForms(typed);
    const alike = table.alike.get(typed);
    if (alike !== undefined || forms.some((form) => table.known.has(form))) {
      // A chess match that is left out is told, a mere match is not.
      const isMissed = alike === '' && !part.every(({ word }) => isSilent(table, plainForms(word)));
      return { length, kind: isMissed ? 'unknown' : 'known', drawn: alike };
    }
    if (length === 1 && isSilent(table, forms)) {
      return { length, kind: 'silent', drawn: undefined };
    }
    const drawn = forms.map((form) => table.near.get(form)).find((name) => name !== undefined);
    if (drawn !== undefined) {
      return { length, kind: 'near', drawn };
    }
  }
  return { length: 1, kind: 'unknown', drawn: undefined };
}

/** Colours are things too where a fruit is called so. */
function isThing({ things, met }: WordTable, said: string): boolean {
  return met?.has(said) !== true && plainForms(said.toLowerCase()).some((form) => things.has(form));
}

/** Whether captions have it, in any of its forms or of its parts (rainbow-coloured); a number may be a weight. */
function isMet({ met, known }: WordTable, word: string): boolean {
  return (
    /^\d+$/u.test(word) ||
    [...plainForms(word), ...word.split('-')].some((form) => met?.has(form) === true || known.has(form))
  );
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
