/**
 * What is left of a prompt when the words that its model never met are taken out: without the small words that belonged to
 * them (an article of nothing, a preposition before or behind nothing), with "with" for a deed between two things, and with a
 * or an as the next word wants it. It knows no dictionary: what a word is to the model comes with it. Pure.
 */

/** A word or a name where it stands in the text (as of String.slice). */
export type Part = {
  readonly start: number;
  readonly end: number;
  /** What the model is given for it; undefined: it is left out. */
  readonly said: string | undefined;
  /** Whether that can be drawn by itself. */
  readonly isThing: boolean;
};

const ARTICLES = new Set(['a', 'an', 'the']);
/** They stand between two things, or before one. */
const JOINTS = new Set(
  'in on of with and at by near over under through to from inside beside behind wearing holding carrying riding'.split(
    ' ',
  ),
);
/** Of those, what no prompt begins with. */
const NEVER_FIRST = new Set('of and to with from wearing holding carrying riding'.split(' '));
const DEED = /ing$/u;
const CLAUSE_END = /[,.;:|!?\n]/u;

/** The text as its parts say it; punctuation, and with it weights, stays where it was. */
export function plainWording(text: string, parts: readonly Part[]): string {
  const kept = withoutStrays(text, parts);
  const isWhole = kept.every((said) => said !== undefined);
  let made = '';
  let done = 0;
  for (const [at, { start, end }] of parts.entries()) {
    const between = text.slice(done, start);
    const said = kept[at];
    // What is left out goes with the space before it, or, where nothing is before it, with the one behind it.
    made += said === undefined ? between.trimEnd() : (made === '' ? between.trimStart() : between) + said;
    done = end;
  }
  return isWhole ? made + text.slice(done) : tidied(made + text.slice(done));
}

/** What each part says. From the end, so that a small word sees whether what follows it stayed. */
function withoutStrays(text: string, parts: readonly Part[]): readonly (string | undefined)[] {
  const kept = withJoints(text, parts);
  let next: number | undefined;
  let isAnyLeftOut = false;
  for (let at = parts.length - 1; at >= 0; at--) {
    const word = kept[at]?.toLowerCase();
    if (word === undefined) {
      isAnyLeftOut = true;
      continue;
    }
    const follows = next !== undefined && isOneClause(text, parts, at, next) ? kept[next] : undefined;
    const begins = follows?.toLowerCase().split(' ')[0] ?? '';
    const isBeforeNothing = follows === undefined || JOINTS.has(begins);
    const isStray = ARTICLES.has(word)
      ? isBeforeNothing || ARTICLES.has(begins)
      : JOINTS.has(word) && (isBeforeNothing || (next !== at + 1 && isAfterQuality(text, parts, at, word)));
    // One that stood so as it was typed stays.
    if (isStray && (isAnyLeftOut || kept[at] !== typedAt(text, parts, at))) {
      kept[at] = undefined;
      continue;
    }
    const typed = next === undefined ? '' : typedAt(text, parts, next);
    if (follows !== undefined && /^an?$/u.test(word) && (next !== at + 1 || follows !== typed)) {
      kept[at] = articleFor(kept[at] ?? word, follows, follows !== typed);
    }
    next = kept[at] === undefined ? next : at;
  }
  for (let at = kept.findIndex((each) => each !== undefined); NEVER_FIRST.has(kept[at]?.toLowerCase() ?? ''); at++) {
    kept[at] = undefined;
  }
  return kept;
}

function typedAt(text: string, parts: readonly Part[], at: number): string {
  return text.slice(parts[at]?.start, parts[at]?.end);
}

/** Whether it joined what a thing is like to what is left out (small and very old). */
function isAfterQuality(text: string, parts: readonly Part[], at: number, word: string): boolean {
  return word === 'and' && parts[at - 1]?.isThing === false && isOneClause(text, parts, at - 1, at);
}

/**
 * And "with" in place of a deed between things (a dragon breathing fire) or of what is left out before an article; a deed
 * that a thing is drawn for becomes with it (a girl fishing: with a fishing pole).
 */
function withJoints(text: string, parts: readonly Part[]): (string | undefined)[] {
  return parts.map(({ said, start, end, isThing }, at) => {
    const before = parts.findLastIndex((part, k) => k < at && part.said !== undefined);
    if (parts[before]?.isThing !== true || !isOneClause(text, parts, before, at)) {
      return said;
    }
    const typed = text.slice(start, end);
    const after = parts[at + 1];
    if (said !== undefined) {
      return isThing && DEED.test(typed) && said !== typed ? `with ${articleFor('a', said, true) ?? ''} ${said}` : said;
    }
    const isJoint = ARTICLES.has(after?.said?.toLowerCase() ?? '') || (after?.isThing === true && DEED.test(typed));
    return isJoint && isOneClause(text, parts, at, at + 1) ? 'with' : said;
  });
}

/** Whether no comma, stop or the like stands between two parts; brackets may. */
function isOneClause(text: string, parts: readonly Part[], from: number, to: number): boolean {
  return !parts.slice(from, to).some(({ end }, k) => CLAUSE_END.test(text.slice(end, parts[from + k + 1]?.start)));
}

/** Undefined before several of what is drawn for another word (a village: houses). */
export function articleFor(typed: string, next: string, isAnother: boolean): string | undefined {
  if (isAnother && /[^su]s$/u.test(next)) {
    return undefined;
  }
  const article = /^[aeiou]/u.test(next) && !/^(?:uni|ufo|one|eu|ew)/u.test(next) ? 'an' : 'a';
  return typed.startsWith('A') ? article.replace('a', 'A') : article;
}

/** Commas of what was left out go with it. */
function tidied(text: string): string {
  return text
    .replaceAll(/\s*,(?:\s*,)+/gu, ',')
    .replaceAll(/^[\s,]+|[\s,]+$/gu, '')
    .replaceAll(/ {2,}/gu, ' ');
}
