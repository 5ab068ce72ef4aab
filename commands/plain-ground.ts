/**
 * "On transparent" in a prompt, and the plain ground that such a picture is drawn on to be cut from. Pure; knows words,
 * no model and no pixels.
 */

const TRANSPARENT =
  /,?\s*\b(?:on|with|over|auf|mit)?\s*(?:a |an |the |einem |einen )?(?:transparent(?:em|er|en)?|see-through)(?: (?:background|ground|hintergrund))?\s*$/iu;
const GROUND =
  /\b(?:background|hintergrund|backdrop)\b|\bon (?:a )?(?:plain )?(?:white|red|orange|yellow|green|blue|purple|pink|black|gr[ae]y|beige|teal)\b/iu;

/** The prompt without its wish for a transparent ground, and whether it had one. */
export function withoutTransparent(prompt: string): { readonly prompt: string; readonly isTransparent: boolean } {
  const rest = prompt.replace(TRANSPARENT, '');
  return rest === prompt || rest.trim() === ''
    ? { prompt, isTransparent: false }
    : { prompt: rest.trimEnd(), isTransparent: true };
}

/** With a ground of one colour, one that the prompt does not name; a prompt that says its ground keeps it. */
export function onPlainGround(prompt: string, grounds: readonly string[]): string {
  if (GROUND.test(prompt)) {
    return prompt;
  }
  const said = prompt.toLowerCase();
  const ground = grounds.find((colour) => !said.includes(colour)) ?? grounds[0];
  return ground === undefined ? `${prompt}, plain white background` : `${prompt} on ${ground}`;
}
