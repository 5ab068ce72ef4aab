/**
 * The tokenizers' public face.
 */
export { ClipTokenizer, openTokenizer } from './clip-tokenizer.ts';
