/**
 * Text as a word list sees it: what looks the same to a reader is the same here, and what the model's tokenizer reads as a
 * word is one. Compatibility forms, case, accents, invisible characters, letters of other scripts and digits that stand in
 * for letters are undone; word bounds are kept, so that "class" has nothing to do with a word inside it.
 */

/** Letters of Cyrillic and Greek that look Latin; undone only in words that mix scripts. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  а: 'a', в: 'b', е: 'e', к: 'k', м: 'm', н: 'h', о: 'o', р: 'p', с: 'c', т: 't', у: 'y', х: 'x', і: 'i', ј: 'j', ѕ: 's', ԁ: 'd', ո: 'n',
  α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x',
}; // prettier-ignore
/** Small capitals, which no compatibility form undoes. */
const SMALL_CAPITALS: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from('ᴀʙᴄᴅᴇғɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', (letter, at) => [letter, 'abcdefghijklmnoprstuvwyz'.charAt(at)]),
);
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

/** CLIP's own pattern, in the order of its alternatives. [openai/CLIP simple_tokenizer.py at a1d0717] */
const CLIP_PARTS = /'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+/gu;
/** Signs between letters that a reader looks over, and how much of what they take apart is one word at most. */
const MOST_JOINED = { parts: 12, letters: 24 };

/** Words in a row, each in every reading that a list should see. */
type Words = readonly (readonly string[])[];

/** All that a list looks at, read once for every list. */
export type ReadText = {
  /** As a reader sees it, as the tokenizer does, and both without the tags in it. */
  readonly words: readonly Words[];
  readonly spelled: readonly string[];
};

export function readText(text: string): ReadText {
  // A tag in angle brackets is taken out before the model reads, and what is left on both sides is one.
  const withoutTags = text.replace(/<[^<>]*>/gu, '');
  const forms = [...new Set([text, withoutTags])].map((form) => ({ form, plain: plainForm(form) }));
  return {
    words: forms.flatMap(({ form, plain }) => [readings(plain), tokenWords(form)]),
    spelled: forms.flatMap(({ plain }) => spelledOut(plain)),
  };
}

/** Of a text in its plain form. */
export function readings(plain: string): Words {
  return [...wordsIn(plain).map(readingsOf), ...joined(plain)];
}

/**
 * Each word as CLIP's tokenizer reads it: letters end where a digit, a sign, a mark or a short ending begins, so `naked1`,
 * `1naked`, `naked™` and `x'dnaked` are the word with something beside it.
 */
export function tokenWords(text: string): Words {
  const parts = text.normalize('NFC').toLowerCase().match(CLIP_PARTS) ?? [];
  return parts.filter((part) => /^\p{L}/u.test(part)).map((part) => [plainForm(part)]);
}

/** `x f o x y`: three or more single characters in a row, written together. A word is sought anywhere in one. */
export function spelledOut(plain: string): readonly string[] {
  const found: string[] = [];
  let run = '';
  for (const word of [...wordsIn(plain), '  ']) {
    if (lengthOf(word) === 1) {
      run += readingsOf(word).at(-1) ?? '';
      continue;
    }
    if (lengthOf(run) >= 3 && /\p{L}/u.test(run)) {
      found.push(run, replaced(run, LEET));
    }
    run = '';
  }
  return [...new Set(found)];
}

/** One reading: lower case, no accents, nothing invisible. */
export function plainForm(text: string): string {
  const plain = text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .normalize('NFC');
  return replaced(plain, SMALL_CAPITALS);
}

export function wordsOf(text: string): readonly string[] {
  return wordsIn(plainForm(text));
}

function wordsIn(plain: string): readonly string[] {
  return plain.match(/[\p{L}\p{N}@$]+(?:![\p{L}\p{N}@$]+)*/gu) ?? [];
}

function readingsOf(word: string): readonly string[] {
  const hasLatin = /\p{Script=Latin}/u.test(word);
  const isMixed = hasLatin && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}]/u.test(word);
  const latin = isMixed ? replaced(word, LOOKALIKES) : word;
  if (!/\p{L}/u.test(latin)) {
    return [...new Set([word, latin])];
  }
  const bare = latin.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '');
  const letters = [replaced(bare, LEET), replaced(latin, LEET)];
  // `fooox`: a letter said three times or more is one that is said once or twice.
  const calm = letters.flatMap((each) =>
    /(\p{L})\1\1/u.test(each) ? ['$1', '$1$1'].map((times) => each.replace(/(\p{L})\1{2,}/gu, times)) : [],
  );
  return [...new Set([word, latin, ...calm, ...letters])];
}

/** `kit-ten`, `kit.ten` and `kit_ten,cat` are also read as `kitten`: signs between letters are no bounds of words. */
function joined(plain: string): Words {
  const found = new Set<string>();
  for (const linked of plain.split(/\s+/u)) {
    const parts = linked.match(/[\p{L}\p{N}@$]+/gu) ?? [];
    for (const [start, first] of parts.entries()) {
      let word = first;
      for (const part of parts.slice(start + 1, start + MOST_JOINED.parts)) {
        word += part;
        if (word.length > MOST_JOINED.letters) {
          break;
        }
        found.add(word);
      }
    }
  }
  return [...found].map(readingsOf);
}

function lengthOf(word: string): number {
  return Array.from(word).length;
}

function replaced(word: string, table: Readonly<Record<string, string>>): string {
  return Array.from(word, (char) => table[char] ?? char).join('');
}
