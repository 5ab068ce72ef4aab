/** At most `length` UTF-16 units, ended by … where something is missing, never in the middle of a character. */
export function cut(text: string, length: number): string {
  if (text.length <= length) {
    return text;
  }
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}
