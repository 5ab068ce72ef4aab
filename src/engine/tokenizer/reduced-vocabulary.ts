/**
 * The part of CLIP's vocabulary that one text can need. A merge joins two neighbours of the text, so those with a letter
 * that the text lacks never apply, and leaving them out changes no id; of 48,894 a few hundred stay. The library takes a
 * tenth of a second for all of them, which a first picture would wait for. Knows only the letters, no order and no ids.
 */
import { BYTE_LETTERS } from './byte-letters.ts';
import type { TokenizerJson } from './tokenizer-files.ts';

const WORD_END = '</w>';

/**
 * For texts whose letters all occur in `text`. Only for a tokenizer that changes a text no further than to lower case and
 * NFC. Added tokens stay.
 */
export function reducedVocabulary(tokenizer: TokenizerJson, text: string): TokenizerJson {
  const isUsed = usedLetters(text);
  const { vocab, merges } = tokenizer.model;
  const kept: Record<string, number> = {};
  for (const { content, id } of tokenizer.added_tokens) {
    kept[content] = id;
  }
  for (const token in vocab) {
    if (consistsOf(isUsed, token)) {
      kept[token] = vocab[token] ?? 0;
    }
  }
  const pairOf = (merge: string | readonly string[]): readonly string[] =>
    typeof merge === 'string' ? merge.split(' ', 2) : merge;
  const possible = merges.filter((merge) => pairOf(merge).every((token) => consistsOf(isUsed, token)));
  return { ...tokenizer, model: { ...tokenizer.model, vocab: kept, merges: possible } };
}

/** By the codes of byte-level letters. */
function usedLetters(text: string): Uint8Array {
  const isUsed = new Uint8Array(512);
  for (const byte of Buffer.from(` ${text.normalize('NFC').toLowerCase()}`)) {
    isUsed[BYTE_LETTERS[byte]?.charCodeAt(0) ?? 0] = 1;
  }
  return isUsed;
}

function consistsOf(isUsed: Uint8Array, token: string): boolean {
  const end = token.endsWith(WORD_END) ? token.length - WORD_END.length : token.length;
  for (let k = 0; k < end; k++) {
    if (isUsed[token.charCodeAt(k)] !== 1) {
      return false;
    }
  }
  return true;
}
