/**
 * Inputs for the fuzzer: whole ones of each kind, torn and twisted by a seeded generator, so that a seed is all that a
 * find needs to come back. Knows no reader.
 */

/** mulberry32: 32 bits of state, evenly spread. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Random = () => number;

export const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
export const below = (random: Random, limit: number): number => Math.floor(random() * limit);

/** What readers stumble over. */
const ODD_TEXTS = [
  '', ' ', '\u0000', '\u202e', '\u200b', '\ufeff', '\ud800', '💥', 'ﷺ', '-', '--', '---seed', '--seed', '--ar', '16:9', ':', '::', '+', '\\',
  '((((', '[', '))', '"', '“', "'", '`', '<@1>', '<!channel>', '@everyone', '{{', '%s', '${x}', '__proto__', 'constructor', 'null', 'NaN', '1e999',
  '9'.repeat(400), 'a'.repeat(3000), '('.repeat(500), 'neon:0.6+ink', '--style', '--no', '--steps -1', '—seed 7',
] as const; // prettier-ignore

export function textOf(random: Random): string {
  const parts = Array.from({ length: 1 + below(random, 6) }, () =>
    random() < 0.5
      ? pick(random, ODD_TEXTS)
      : String.fromCodePoint(...Array.from({ length: 1 + below(random, 8) }, () => below(random, 0x10fff0))),
  );
  return parts.join(pick(random, ['', ' ', '.', '\n']));
}

const ODD_VALUES: readonly unknown[] = [
  undefined,
  null,
  '',
  0,
  -1,
  1e308,
  Number.NaN,
  true,
  [],
  {},
  [[]],
  'x'.repeat(5000),
  { length: 1e9 },
];

/** A copy in which some fields are gone, twisted, or of another kind. */
export function twisted(value: unknown, random: Random): unknown {
  if (random() < 0.06) {
    return random() < 0.5 ? pick(random, ODD_VALUES) : textOf(random);
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const copies = items.flatMap((item) => (random() < 0.05 ? [] : [twisted(item, random)]));
    return random() < 0.03 ? [...copies, ...copies] : copies;
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) =>
        random() < 0.03 ? [] : [[random() < 0.01 ? textOf(random) : key, twisted(item, random)]],
      ),
    );
  }
  return value;
}

/** Bytes flipped, cut off, doubled, or numbers in them made huge. */
export function torn(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let changes = below(random, 8); changes > 0 && copy.length > 0; changes--) {
    const at = below(random, copy.length);
    copy.set(random() < 0.5 ? [below(random, 256)] : [0xff, 0xff, 0xff, 0x7f].slice(0, copy.length - at), at);
  }
  const end = random() < 0.3 ? below(random, copy.length + 1) : copy.length;
  return random() < 0.05 ? Buffer.concat([copy, copy]) : copy.subarray(0, end);
}
