/**
 * Text as a word list sees it: what looks the same to a reader is the same here. Compatibility forms, case, accents,
 * invisible characters, letters of other scripts and digits that stand in for letters are undone; word bounds are kept,
 * so that "class" has nothing to do with a word inside it.
 */

/** Letters of Cyrillic and Greek that look Latin; undone only in words that mix scripts. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  а: 'a', в: 'b', е: 'e', к: 'k', м: 'm', н: 'h', о: 'o', р: 'p', с: 'c', т: 't', у: 'y', х: 'x', і: 'i', ј: 'j', ѕ: 's', ԁ: 'd', ո: 'n',
  α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x',
}; // prettier-ignore
/** Digits and signs that stand in for letters; undone only in words that have letters. */
const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** The words of a text, each in every reading that a list should see; runs of single letters are one word more. */
export function readings(text: string): readonly (readonly string[])[] {
  const words = wordsOf(text).map(readingsOf);
  return [...words, ...spelledOut(words), ...joined(text)];
}

/**
 * Each word as CLIP's tokenizer reads it: letters end where a digit or a sign begins, so `naked1` and `1naked` are the
 * word with something beside it.
 */
export function tokenWords(text: string): readonly (readonly string[])[] {
  return (plainForm(text).match(/\p{L}+/gu) ?? []).map((word) => [word]);
}

/** One reading: lower case, no accents, nothing invisible. */
export function plainForm(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC');
}

export function wordsOf(text: string): readonly string[] {
  return plainForm(text).match(/[\p{L}\p{N}@$]+(?:![\p{L}\p{N}@$]+)*/gu) ?? [];
}

function readingsOf(word: string): readonly string[] {
  const hasLatin = /\p{Script=Latin}/u.test(word);
  const isMixed = hasLatin && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u.test(word);
  const latin = isMixed ? replaced(word, LOOKALIKES) : word;
  const letters = /\p{L}/u.test(latin) ? replaced(latin, LEET) : latin;
  return [...new Set([word, latin, letters])];
}

/** `kit-ten`, `kit.ten` and `kit_ten` are also read as `kitten`: signs between letters are no bounds of words. */
function joined(text: string): readonly (readonly string[])[] {
  const linked = plainForm(text).match(/[\p{L}\p{N}@$]+(?:[\p{P}\p{S}]+[\p{L}\p{N}@$]+)+/gu) ?? [];
  return linked.map((word) => readingsOf(word.replace(/[^\p{L}\p{N}@$]/gu, '')));
}

/** `f o x` is also read as `fox`: three or more single characters in a row, with and without a leading `a` or `I`. */
function spelledOut(words: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const found: string[][] = [];
  let run = '';
  for (const readings of [...words, ['']]) {
    const letter = readings.at(-1) ?? '';
    if (Array.from(letter).length === 1) {
      run += letter;
      continue;
    }
    found.push(...[run, run.replace(/^[ai]/u, '')].filter((word) => word.length >= 3).map((word) => [word]));
    run = '';
  }
  return found;
}

function replaced(word: string, table: Readonly<Record<string, string>>): string {
  return Array.from(word, (char) => table[char] ?? char).join('');
}
