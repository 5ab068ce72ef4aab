/**
 * The tokenizers' public face.
 */
export { ClipTokenizer, openTokenizer, type TokenizedPrompt } from './clip-tokenizer.ts';
