/**
 * Forms of other programs' prompts that are not followed here: told, for their letters are read as words. Pure.
 *
 * The web UI's editing `[cat:dog:0.5]`, alternation `[cat|dog]`, composition `a cat AND a dog` and `<hypernet:…>`, and the
 * choices `{cat|dog}` of its extensions.
 */
const FORMS: readonly RegExp[] = [
  /\[[^[\]:|]*:[^[\]|]*?:?\s*(?:\d+\.?\d*|\.\d+)\s*\]/gu,
  /\[[^[\]|]*\|[^[\]]*\]/gu,
  /\{[^{}|]*\|[^{}]*\}/gu,
  /<hypernet:[^<>]*>/giu,
  /(?<=\S\s)AND(?=\s\S)/gu,
];

/** As written, each once. Escaped brackets are letters, and in a prompt of capitals AND is a word. */
export function foreignForms(prompt: string): readonly string[] {
  const bare = prompt.replaceAll(/\\./gu, '');
  const forms = /\p{Ll}/u.test(bare) ? FORMS : FORMS.slice(0, -1);
  return [...new Set(forms.flatMap((form) => Array.from(bare.matchAll(form), ([found]) => found)))];
}
