/**
 * Styles named in a prompt as the web UIs name LoRAs: `<lora:ink:0.8>`, `<lora:ink>`. Pure.
 */
export type LoraTag = { readonly name: string; readonly weight: number };

const TAG = /<(?:lora|lyco):(?<name>[^<>:]+)(?::(?<weight>[+-]?(?:\d+\.?\d*|\.\d+))(?::[^<>]*)?)?>/giu;

/** The words without those tags whose style `isKnown`; the others stay where they are. */
export function takeLoraTags(
  prompt: string,
  isKnown: (name: string) => boolean,
): { readonly text: string; readonly tags: readonly LoraTag[] } {
  const tags: LoraTag[] = [];
  const text = prompt.replace(TAG, (whole, name: string, weight: string | undefined) => {
    if (!isKnown(name.trim())) {
      return whole;
    }
    tags.push({ name: name.trim(), weight: Number(weight ?? 1) });
    return '';
  });
  return tags.length === 0
    ? { text: prompt, tags }
    : {
        text: text
          .replaceAll(/[ \t]{2,}/gu, ' ')
          .replaceAll(/ +([,.])/gu, '$1')
          .trim(),
        tags,
      };
}
