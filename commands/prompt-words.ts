/**
 * A prompt and what a style adds to it, as lists of words with commas between. Knows no styles.
 */

/** The prompt with the style's words before it, unless it has them. */
export function withTrigger(prompt: string, trigger: string): string {
  return trigger === '' || prompt.toLowerCase().includes(trigger.toLowerCase()) ? prompt : joinWords(trigger, prompt);
}

/** A word at a weight as a weighted prompt writes it: `(word:0.8)`, its own brackets escaped. */
export function atWeight(word: string, weight: number): string {
  const escaped = word.replaceAll(/[()[\]\\]/gu, String.raw`\$&`);
  return weight === 1 ? escaped : `(${escaped}:${Math.round(weight * 1000) / 1000})`;
}

/** Without a comma where one of them is empty. */
export function joinWords(first: string, second: string): string {
  return [first, second].filter((part) => part !== '').join(', ');
}
