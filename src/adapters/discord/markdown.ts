/**
 * Words of people as words: whatever Discord would read as formatting, mention, timestamp, emoji or heading is shown as
 * it was typed. Line breaks inside a span become spaces, so that no line of ours can be forged.
 */

const INLINE = /[\\*_~`|<[\]]/g;
/** Marks that count only where a line begins: headings, subtext, quotes, lists. */
const AT_LINE_START = /^(\s*)([#>+-]|\d+(?=[.)]))/;

export function escapeInline(text: string): string {
  return (
    text
      .replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')
      .replace(INLINE, String.raw`\$&`)
      // Allowed mentions already keep these silent; a word joiner keeps them from looking like a call.
      .replace(/@(everyone|here)/g, '@\u2060$1')
  );
}

/** For text that may stand at the beginning of a line. */
export function escapeLineStart(text: string): string {
  return text.replace(AT_LINE_START, (_, space: string, mark: string) =>
    /\d/.test(mark) ? `${space}${mark}\u2060` : `${space}\\${mark}`,
  );
}

/** Between backticks nothing is escaped and nothing formats, except a backtick. */
export function code(text: string): string {
  const plain = text.replace(/[\r\n]+/g, ' ').replaceAll('`', 'ˋ');
  return plain.trim() === '' ? '' : `\`${plain}\``;
}
