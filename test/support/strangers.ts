/** What strangers try in a chat: words that look like others, signs in thousands, and every field of the wrong kind. */

/** Each is read by the model as `naked`, or by people. */
export const EVASIONS: readonly string[] = [
  'naked',
  'NAKED',
  'naked1',
  '1naked',
  'naked²',
  'naked@',
  'n@ked',
  'nak3d',
  'n a k e d',
  'n.a.k.e.d',
  'na-ked',
  'nаkеd', // Cyrillic a and e
  'ｎａｋｅｄ',
  'na\u200bked',
  'nakéd',
  'naked™',
  'na<lora:none:1>ked',
  '(naked:1.3)',
  '[[naked]]',
  'nakeeeed nakedddd',
];

/** As long as the platforms let words be, and made to be slow to read. */
export const FLOODS: readonly string[] = [
  '('.repeat(6000),
  '(a:1.5)'.repeat(850),
  '((((a))))[[[[b]]]]'.repeat(330),
  '<lora:a:1>'.repeat(600),
  '{a|b}'.repeat(1200),
  '🦊'.repeat(3000),
  '👩‍👩‍👧‍👦'.repeat(540),
  'a' + '\u0301'.repeat(5999),
  '--'.repeat(3000),
  ' --count'.repeat(750),
  '"'.repeat(6000),
  "'a".repeat(3000),
  '\\'.repeat(6000),
  '\u202e\u0000'.repeat(3000),
  '<@1>'.repeat(1500),
  'a.'.repeat(3000),
  ':fox:'.repeat(1200),
];

const WRONG: readonly unknown[] = [null, 7, '', '__proto__', [], {}, [null], { id: {} }, 1e308, true];

/** The payload with one field after the other of another kind, or not there at all. */
export function* twisted(payload: Readonly<Record<string, unknown>>): Generator<Record<string, unknown>> {
  for (const path of pathsIn(payload)) {
    for (const value of [undefined, ...WRONG]) {
      const copy = structuredClone(payload) as Record<string, unknown>;
      put(copy, path, value);
      yield copy;
    }
  }
}

function pathsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsIn(inner, [...path, key])]);
}

function put(target: Record<string, unknown>, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0) {
    put(target[key] as Record<string, unknown>, rest, value);
  } else if (value === undefined) {
    delete target[key];
  } else {
    target[key] = value;
  }
}

/** Ids that nobody was given. */
export function forgedIds(job: string): readonly string[] {
  const heads = ['reroll', 'delete', 'cancel', 'retry', 'block', 'share', 'report', 'info', 'remix', 'emoji'];
  return [
    ...heads.map((head) => `1.${head}.${job}`),
    ...['upscale', 'vary', 'subtle', 'strong'].map((head) => `1.${head}.${job}.9`),
    ...['save', 'discard', 'keep', 'heavier', 'train-on'].map((what) => `1.draft.${job}.${what}`),
    ...['start', 'stop', 'drop', 'more', 'new'].map((what) => `1.training.${job}.${what}`),
    ...['home', 'words', 'roles', 'owner', 'nsfw', 'unblock'].map((field) => `1.panel.${field}`),
    `1.restore-style.${job}`,
    '1.take-back.1234567890.emoji',
    `1.start-form.${job}`,
    '1.imagine-form',
    '1.forget-me',
    '1.delete.__proto__',
    '1.delete.constructor',
    '1.delete.../../etc/passwd',
    '2.delete.x',
    '1.delete',
    '.',
    '1'.repeat(100),
    '\u0000',
  ];
}
