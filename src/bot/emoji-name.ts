/** A name for an emoji from the words of a prompt, as Discord and Slack both take it. Pure. */

export const EMOJI_NAME = { least: 2, most: 32 } as const;

const LITTLE = new Set(
  'a an the of on in at with and for to my your some is are picture drawing emoji sticker icon background transparent'.split(
    ' ',
  ),
);

/** Small letters, digits and underscores, 2 to 32: `happy_cactus`. `fourstep` where no word is left. */
export function emojiName(prompt: string): string {
  const words = prompt
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && !LITTLE.has(word));
  let name = '';
  for (const word of words) {
    const longer = name === '' ? word : `${name}_${word}`;
    if (longer.length > EMOJI_NAME.most) {
      break;
    }
    name = longer;
  }
  const whole = name === '' ? (words[0] ?? '').slice(0, EMOJI_NAME.most) : name;
  return whole.length < EMOJI_NAME.least ? 'fourstep' : whole;
}
