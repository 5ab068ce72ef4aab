/**
 * German, Spanish, French and Japanese prompts in English words, by a table of terms: no grammar beyond where a colour
 * stands, what a German word is put together from, and which of two things Japanese says first. A prompt is in the language whose words explain more of it than English words do. Pure.
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
  return found === undefined ? prompt : fromEuropean(found.terms, prompt, found.language === 'de');
}

function languageOf(
  { languages, known, near, silent }: WordTable,
  prompt: string,
): { readonly language: Language; readonly terms: LanguageTerms } | undefined {
  const words = splitWords(elided(prompt)).map(({ word }) => word);
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

/** ", der einen Hut trägt": what a relative clause says stands before its verb. */
const VERB_LAST =
  /, the ((?:(?:an?|the|on|in|with|next to) )*[\p{L}\p{N} -]+?) (wearing|holding|riding|eating|drinking|reading|driving|playing|sitting)(?![\p{L}\p{N}])/gu;

/** German puts words together; elsewhere a colour stands behind its noun and must go before it. */
function fromEuropean({ terms, adjectives, little }: LanguageTerms, prompt: string, isGerman: boolean): string {
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
    const compound = isGerman && english === undefined ? parted(terms, little, term) : undefined;
    const isAdjective = adjectives.has(term);
    parts.push({
      between: text.slice(done, first.start),
      text: english ?? compound ?? text.slice(first.start, last.end),
      isAdjective,
      isNoun: !isAdjective && !little.has(term),
    });
    done = last.end;
    at += length;
  }
  for (const [k, part] of parts.entries()) {
    const before = parts[k - 1];
    if (!isGerman && part.isAdjective && before?.isNoun === true && part.between === ' ') {
      // "una rosa" is one term, for "rosa" alone is pink: the colour goes behind its article.
      const article = /^(?:an?|the) /u.exec(before.text)?.[0] ?? '';
      [before.text, part.text] = [article + part.text, before.text.slice(article.length)];
    }
  }
  const english = parts.map((part) => part.between + part.text).join('') + text.slice(done);
  return isGerman ? english.replaceAll(VERB_LAST, ' $2 $1') : english;
}

const SHORTEST_PART = 3;
const JOINTS = ['', 's', 'n', 'en', 'es', 'er', 'e'] as const;

/** Herbstwald: autumn forest. The longest last part that is a term, before it another, with a joint or without. */
function parted(terms: ReadonlyMap<string, string>, little: ReadonlySet<string>, word: string): string | undefined {
  const named = (part: string) =>
    part.length < SHORTEST_PART || little.has(part) ? undefined : terms.get(part) || undefined;
  for (let cut = SHORTEST_PART; cut <= word.length - SHORTEST_PART; cut++) {
    const [before, after] = [word.slice(0, cut), word.slice(cut)];
    const first = JOINTS.filter((joint) => before.endsWith(joint))
      .map((joint) => named(before.slice(0, before.length - joint.length)))
      .find((english) => english !== undefined);
    const last = named(after);
    if (first !== undefined && last !== undefined) {
      return `${first} ${last}`;
    }
  }
  return undefined;
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

/**
 * Words are not parted: the longest term at each place; what says where goes behind the thing, as in English, and so does
 * what a thing rides, wears or stands on.
 */
function fromJapanese({ terms, places, relations }: LanguageTerms, text: string): string {
  const letters = text.match(/./gsu) ?? [];
  const [where, behind]: [string[], string[]] = [[], []];
  let said: string[] = [];
  let unread = '';
  for (let at = 0; at < letters.length;) {
    const term = japaneseTerm(terms, letters, at);
    if (term === undefined) {
      unread += letters[at] ?? '';
      at += 1;
      continue;
    }
    said.push(unread);
    unread = '';
    const english = terms.get(term) ?? '';
    if (relations.has(term)) {
      behind.unshift(english, ...said);
      said = [];
    } else {
      (places.has(term) ? where : said).push(english);
    }
    at += (term.match(/./gsu) ?? []).length;
  }
  return ` ${[...said, unread, ...behind, ...where].filter((word) => word !== '').join(' ')} `;
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
