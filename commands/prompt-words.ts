/**
 * A prompt and what a style adds to it, as lists of words with commas between. Knows no styles.
 */

/** The prompt with the style's words before it, unless it has them. */
export function withTrigger(prompt: string, trigger: string): string {
  return trigger === '' || prompt.toLowerCase().includes(trigger.toLowerCase()) ? prompt : joinWords(trigger, prompt);
}

/** Without a comma where one of them is empty. */
export function joinWords(first: string, second: string): string {
  return [first, second].filter((part) => part !== '').join(', ');
}
