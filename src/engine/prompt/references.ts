/**
 * What a weighted prompt names besides words: LoRAs as the web UIs write them, `<lora:name:0.8>`, and textual inversions by
 * their word or as ComfyUI writes them, `embedding:name`. Styles are chosen before a request is made; a tag that is still here
 * found none. Pure.
 */
const LORA = /<(?:lora|lyco):(?<name>[^<>:]+)(?::[^<>]*)?>/giu;
/** One of a pivotal tuning's vectors. */
const NUMBERED = /<s\d+>/giu;
const EMBEDDING = /(?<![\p{L}\p{N}])embedding:(?<name>[\p{L}\p{N}_.-]*[\p{L}\p{N}_])/giu;

export type References = {
  /** Without the tags of styles and the names of unknown inversions. */
  readonly text: string;
  readonly unknownStyles: readonly string[];
  readonly unknownEmbeddings: readonly string[];
};

/** `words`: of the inversions that there are. */
export function takeReferences(prompt: string, words: readonly string[]): References {
  const unknownStyles = Array.from(prompt.matchAll(LORA), ({ groups }) => groups?.['name'] ?? '');
  const known = new Set(words.map((word) => word.toLowerCase()));
  const unknownEmbeddings: string[] = [];
  const withKnown = prompt.replace(LORA, '').replace(NUMBERED, (token) => {
    if (known.has(token.toLowerCase())) {
      return token;
    }
    unknownEmbeddings.push(token);
    return '';
  });
  const text = withKnown.replace(EMBEDDING, (whole, ...rest: unknown[]) => {
    const name = nameIn(rest.at(-1));
    // "embedding:cat.5" may be the word "cat" and what follows it.
    if ([...known].some((word) => name.toLowerCase().startsWith(word))) {
      return whole;
    }
    unknownEmbeddings.push(name);
    return '';
  });
  return { text, unknownStyles, unknownEmbeddings };
}

function nameIn(groups: unknown): string {
  return typeof groups === 'object' && groups !== null && 'name' in groups ? String(groups.name) : '';
}

/** A text in parts: words of inversions (with their prefix, if they have it), and what is between them. */
export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'learned'; readonly word: string };

export function splitByWords(text: string, words: readonly string[]): readonly TextPart[] {
  if (words.length === 0) {
    return [{ kind: 'text', text }];
  }
  const longestFirst = words.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(`(?:${longestFirst.map(standing).join('|')})`, 'giu');
  const parts: TextPart[] = [];
  let start = 0;
  for (const match of text.matchAll(pattern)) {
    const found = match[0].toLowerCase();
    const word = longestFirst.find((known) => [known, `embedding:${known}`].some((one) => one.toLowerCase() === found));
    if (word !== undefined) {
      parts.push({ kind: 'text', text: text.slice(start, match.index) }, { kind: 'learned', word });
      start = match.index + match[0].length;
    }
  }
  parts.push({ kind: 'text', text: text.slice(start) });
  return parts.filter((part) => part.kind === 'learned' || part.text.trim() !== '' || parts.length === 1);
}

/** Not within another word, where its own ends are letters or digits: `<s0>` may stand anywhere. */
function standing(word: string): string {
  const before = /^[\p{L}\p{N}]/u.test(word) ? String.raw`(?<![\p{L}\p{N}])` : '';
  const after = /[\p{L}\p{N}]$/u.test(word) ? String.raw`(?![\p{L}\p{N}])` : '';
  return String.raw`(?:(?<![\p{L}\p{N}])embedding:|${before})${escaped(word)}${after}`;
}

function escaped(word: string): string {
  return word.replaceAll(/[.*+?^${}()|[\]\\/]/gu, String.raw`\$&`);
}
