/**
 * How byte-level vocabularies write the 256 bytes, by byte: printable characters of Latin-1 as themselves, the others from
 * 256 on. As `bytes_to_unicode` in https://github.com/openai/CLIP/blob/main/clip/simple_tokenizer.py
 */
export const BYTE_LETTERS: readonly string[] = byteLetters();

function byteLetters(): readonly string[] {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCodePoint(isPrintable ? byte : 256 + others++);
  });
}
