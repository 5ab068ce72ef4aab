/**
 * What people typed without what nobody sees: characters that have no width, that turn the direction of writing, or that
 * only look like a space. They could hide a word from a list, or show one that is not there. What an emoji or a script
 * needs to be joined stays.
 */

/** Default ignorable: no glyph of their own; among them the marks and overrides of direction. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
/** Blank letters and spaces of other kinds. */
const BLANK = /[\u{115F}\u{1160}\u{3164}\u{FFA0}\u{2800}]|(?![\n\r\t ])\p{White_Space}/gu;
const JOINERS = '\u200C\u200D';
/** An emoji, or a letter or mark of a script whose letters are joined or kept apart. */
const JOINED = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F|[\p{L}\p{M}])$/u;
const SIMPLE_SCRIPTS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}]$/u;

/** The same text where everything is seen; '' for what shows nothing. */
export function visibleText(text: string): string {
  const spaced = text.replace(BLANK, ' ');
  return spaced
    .replace(IGNORABLE, (char, at: number) => (isNeeded(char, spaced.slice(0, at)) ? char : ''))
    .replace(/^[\p{M}\s]+$/u, '');
}

function isNeeded(char: string, before: string): boolean {
  if (char === '\uFE0F') {
    return /[\p{Emoji}]$/u.test(before);
  }
  if (JOINERS.includes(char)) {
    return JOINED.test(before) && !SIMPLE_SCRIPTS.test(before);
  }
  // The flags of England, Scotland and Wales are a black flag and tags.
  return /[\u{E0020}-\u{E007F}]/u.test(char) && /\u{1F3F4}[\u{E0020}-\u{E007F}]*$/u.test(before);
}
