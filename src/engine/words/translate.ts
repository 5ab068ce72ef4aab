/**
 * German, Spanish, French and Japanese prompts in English words, by a table of terms: no grammar beyond where a colour
 * stands. A prompt is in the language whose words explain more of it than English words do. Pure.
 */
import { plainForms } from './plain-forms.ts';
import { splitWords, type Token } from './split-words.ts';
import { elided, type Language, type LanguageTerms, type WordTable } from './word-table.ts';

const LONGEST_TERM = 5;
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}ー]+/gu;

/** The prompt itself where it is English, or no language's. */
export function translate(table: WordTable, prompt: string): string {
  const japanese = table.languages.get('ja');
  if (japanese !== undefined && prompt.search(JAPANESE) >= 0) {
    return prompt.replaceAll(JAPANESE, (text) => fromJapanese(japanese, text));
  }
  const found = languageOf(table, prompt);
  return found === undefined ? prompt : fromEuropean(found.terms, prompt, found.language !== 'de');
}

function languageOf(
  { languages, known, near, silent }: WordTable,
  prompt: string,
): { readonly language: Language; readonly terms: LanguageTerms } | undefined {
  const words = splitWords(prompt).map(({ word }) => word);
  const english = words.filter((word) =>
    plainForms(word).some((form) => known.has(form) || near.has(form) || silent.has(form)),
  ).length;
  let best: { readonly language: Language; readonly terms: LanguageTerms } | undefined;
  let most = english;
  for (const [language, terms] of languages) {
    const count = words.filter((word) => terms.little.has(word) || terms.terms.has(word)).length;
    if (language !== 'ja' && count > most) {
      [best, most] = [{ language, terms }, count];
    }
  }
  return best;
}

/** `colourFollows`: a colour stands behind its noun and must go before it. */
function fromEuropean({ terms, adjectives, little }: LanguageTerms, prompt: string, colourFollows: boolean): string {
  const text = elided(prompt);
  const tokens = splitWords(text);
  const parts: { readonly between: string; text: string; readonly isAdjective: boolean; readonly isNoun: boolean }[] =
    [];
  let done = 0;
  for (let at = 0; at < tokens.length;) {
    const [length, english] = longestTerm(terms, text, tokens, at);
    const [first, last] = [tokens[at], tokens[at + length - 1]];
    if (first === undefined || last === undefined) {
      throw new RangeError(`a term of ${length} words at ${at} of ${tokens.length}`);
    }
    const term = text.slice(first.start, last.end).toLowerCase();
    const isAdjective = adjectives.has(term);
    parts.push({
      between: text.slice(done, first.start),
      text: english ?? text.slice(first.start, last.end),
      isAdjective,
      isNoun: !isAdjective && !little.has(term),
    });
    done = last.end;
    at += length;
  }
  for (const [k, part] of parts.entries()) {
    const before = parts[k - 1];
    if (colourFollows && part.isAdjective && before?.isNoun === true && part.between === ' ') {
      [before.text, part.text] = [part.text, before.text];
    }
  }
  return parts.map((part) => part.between + part.text).join('') + text.slice(done);
}

function longestTerm(
  terms: ReadonlyMap<string, string>,
  text: string,
  tokens: readonly Token[],
  at: number,
): readonly [length: number, english: string | undefined] {
  for (let length = Math.min(LONGEST_TERM, tokens.length - at); length >= 1; length--) {
    const [first, last] = [tokens[at], tokens[at + length - 1]];
    const english = terms.get(text.slice(first?.start, last?.end).toLowerCase());
    if (english !== undefined) {
      return [length, english];
    }
  }
  return [1, undefined];
}

/** Words are not parted: the longest term at each place; what says where goes behind the thing, as in English. */
function fromJapanese({ terms, places }: LanguageTerms, text: string): string {
  const letters = text.match(/./gsu) ?? [];
  const [said, where]: [string[], string[]] = [[], []];
  let unread = '';
  for (let at = 0; at < letters.length;) {
    const term = japaneseTerm(terms, letters, at);
    if (term === undefined) {
      unread += letters[at] ?? '';
      at += 1;
      continue;
    }
    said.push(unread, places.has(term) ? '' : (terms.get(term) ?? ''));
    where.push(places.has(term) ? (terms.get(term) ?? '') : '');
    unread = '';
    at += (term.match(/./gsu) ?? []).length;
  }
  return ` ${[...said, unread, ...where].filter((word) => word !== '').join(' ')} `;
}

const LONGEST_JAPANESE_TERM = 12;

function japaneseTerm(terms: ReadonlyMap<string, string>, letters: readonly string[], at: number): string | undefined {
  for (let length = Math.min(LONGEST_JAPANESE_TERM, letters.length - at); length >= 1; length--) {
    const term = letters.slice(at, at + length).join('');
    if (terms.has(term)) {
      return term;
    }
  }
  return undefined;
}
