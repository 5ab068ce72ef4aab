import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCommand, parseFreeText } from '../../commands/grammar.ts';
import { imagine } from '../../commands/imagine.ts';
import { visibleText } from '../../commands/visible-text.ts';
import { settings } from '../../commands/settings.ts';
import { styleAdd } from '../../commands/style.ts';
import { UserError } from '../../src/core/errors.ts';

const parse = (text: string) => parseFreeText(imagine, text);
const refusal = (text: string): string => {
  try {
    parse(text);
  } catch (error) {
    return error instanceof UserError ? error.message : 'another error';
  }
  return 'no error';
};

describe('the free-text grammar', () => {
  it.each([
    ['a fox', { prompt: 'a fox' }],
    [
      'a fox --seed 7 --no text --ar 3:2 --style neon',
      { prompt: 'a fox', seed: 7, negative: 'text', aspect: '3:2', style: 'neon' },
    ],
    ['--seed 0 a fox', { prompt: 'a fox', seed: 0 }],
    ['a fox --seed=7', { prompt: 'a fox', seed: 7 }],
    ['a fox --seed 7 at night', { prompt: 'a fox at night', seed: 7 }],
    ['a fox --no text, frames --steps 8', { prompt: 'a fox', negative: 'text, frames', steps: 8 }],
    ['a fox --no text --no frames', { prompt: 'a fox', negative: 'text, frames' }],
    ['a fox --negative "a \\"sign\\"" at night', { prompt: 'a fox at night', negative: 'a "sign"' }],
    ['a fox --style “neon night” at sea', { prompt: 'a fox at sea', style: 'neon night' }],
    ['a fox —seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox −−seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox ––seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox –-seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox ‑‑seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox －－seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox --ar16:9', { prompt: 'a fox', aspect: '16:9' }],
    ['a fox --ar:16:9', { prompt: 'a fox', aspect: '16:9' }],
    ['a fox --seed:7', { prompt: 'a fox', seed: 7 }],
    ['a fox --seed7 at night', { prompt: 'a fox at night', seed: 7 }],
    ['a fo\u200Bx \u202Etaerc\u202C', { prompt: 'a fox taerc' }],
    ['\u200B\u2800\u3164', {}],
    ['👩\u200D🚀 ❤️ نمی\u200Cخواهم', { prompt: '👩\u200D🚀 ❤️ نمی\u200Cخواهم' }],
    ['a fox –ar 3:2', { prompt: 'a fox', aspect: '3:2' }],
    ['a fox ——seed 7', { prompt: 'a fox', seed: 7 }],
    ['a fox -–seed 7', { prompt: 'a fox', seed: 7 }],
    ['the sea —calm and wide— at night', { prompt: 'the sea —calm and wide— at night' }],
    ['a fox -- at night', { prompt: 'a fox -- at night' }],
    ['a well--known fox', { prompt: 'a well--known fox' }],
    ['a fox --SEED 7', { prompt: 'a fox', seed: 7 }],
    ['a fox --guidance 1,5', { prompt: 'a fox', guidance: 1.5 }],
    ['a fox --seed 7 --seed 7', { prompt: 'a fox', seed: 7 }],
    ['a sign that says "--seed 7"', { prompt: 'a sign that says "--seed 7"' }],
    ['a 5" pipe --seed 7 beside a 6" pipe', { prompt: 'a 5" pipe beside a 6" pipe', seed: 7 }],
    ['a sign \\--seed 7', { prompt: 'a sign --seed 7' }],
    ['a fox\non blue --seed 7', { prompt: 'a fox\non blue', seed: 7 }],
    ['--prompt a fox', { prompt: 'a fox' }],
    ['', {}],
  ])('reads %j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it.each([
    ['a fox --sed 7', 'There is no option --sed. Did you mean --seed?'],
    ['a fox --styl neon', 'There is no option --styl. Did you mean --style?'],
    ['a fox --v 6', '--v means nothing here: the model is the server’s. Leave it out.'],
    ['a fox --q 2', 'There is no --q here. What comes nearest is --quality.'],
    ['a fox --stylize 250', 'There is no --stylize here. What comes nearest is --guidance.'],
    ['a fox --seed 7 --seed 8', '--seed can be given once; it came as 7 and as 8. Leave one out.'],
    ['a fox --seed', '--seed needs a value after it. Write one, or leave it out.'],
    ['a fox --no --seed 7', '--negative needs a value after it. Write one, or leave it out.'],
    ['a fox --seed seven', '--seed takes a whole number; you wrote “seven”.'],
    ['a fox --seed 1.5', '--seed takes a whole number; you wrote “1.5”.'],
    ['a fox --image fox.png', '--image takes an attached file, not words. Attach it, or leave it out.'],
  ])('refuses %j in one sentence', (text, sentence) => {
    expect(refusal(text)).toBe(sentence);
  });

  it('lists the options when none is near', () => {
    expect(refusal('a fox --chaos 7')).toContain('There is no option --chaos. There are: --prompt, --style');
  });

  it('refuses words for a command that takes none', () => {
    expect(() => parseFreeText(settings, 'model sdxl')).toThrow('takes no words');
  });

  it('keeps an address whole', () => {
    expect(parseFreeText(styleAdd, 'neon --url https://example.org/a--b/neon.safetensors?x=1 --weight -0.5')).toEqual({
      name: 'neon',
      url: 'https://example.org/a--b/neon.safetensors?x=1',
      weight: -0.5,
    });
  });
});

const words = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.string({ unit: 'grapheme' }) },
      fc.constantFrom(
        'a',
        ' ',
        '--',
        '—',
        '--seed',
        '--seed 7',
        '—no x',
        '\\',
        '"',
        '“',
        '”',
        '\\--',
        '=',
        '\n',
        '«',
        '\\"',
        '-–a',
        '−−seed7',
        '--ar16:9',
        ':',
        '‑‑',
      ),
    ),
    { minLength: 1, maxLength: 8 },
  )
  // What nobody sees is taken away on reading: what comes from there holds none of it.
  .map((parts) => visibleText(visibleText(parts.join(''))).trim())
  .filter((text) => text !== '');
const options = fc.record(
  {
    prompt: words,
    style: words,
    negative: words,
    size: fc.constantFrom('512x768', '512'),
    seed: fc.integer({ min: 0, max: 4_294_967_295 }),
    guidance: fc.double({ min: 1, max: 15, noNaN: true }),
    strength: fc.double({ min: 0.05, max: 1, noNaN: true }),
  },
  { requiredKeys: [] },
);

describe('formatCommand', () => {
  it('writes what parseFreeText reads back', () => {
    fc.assert(
      fc.property(options, (value) => {
        expect(parseFreeText(imagine, formatCommand(imagine, value))).toEqual({ ...value });
      }),
      { numRuns: 3000 },
    );
  });

  it('writes no backslash where none is needed', () => {
    expect(formatCommand(imagine, { prompt: 'a sign "open" -- well', seed: 7, negative: 'text' })).toBe(
      'a sign "open" -- well --negative "text" --seed 7',
    );
  });

  it('never meets a text that makes the grammar fail in another way than by a refusal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), words), (text) => {
        expect(refusal(text)).not.toBe('another error');
      }),
      { numRuns: 3000 },
    );
  });

  it('never loses a word that belongs to no option', () => {
    const plain = fc.array(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(plain, plain, fc.integer({ min: 0, max: 99 }), (before, after, seed) => {
        expect(parse(`${before.join(' ')} --seed ${seed} ${after.join(' ')}`)).toEqual({
          prompt: [...before, ...after].join(' '),
          seed,
        });
      }),
    );
  });
});
