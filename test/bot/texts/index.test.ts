import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../commands/index.ts';
import {
  describeCommand,
  describeOption,
  errorText,
  formatOrdinal,
  formatSeconds,
  isTextKey,
  text,
  TEXTS,
} from '../../../src/bot/texts/index.ts';
import { UserError } from '../../../src/core/errors.ts';
import { LOCALES } from '../../../src/core/people.ts';

const paramsOf = (template: string): readonly string[] =>
  [...new Set([...template.matchAll(/\{([\w-]+)/g)].map((match) => match[1] ?? ''))].sort();

describe('an error that no table has', () => {
  it.each([
    [
      'Expected a LoRA at /data/fourstep/loras/ab/abc.safetensors, but it is gone.',
      'Expected a LoRA at abc.safetensors, but it is gone.',
    ],
    ['"C:\\data\\loras\\abc.safetensors" is torn.', '"abc.safetensors" is torn.'],
    ['See https://example.org/a/b for 3/4 of it.', 'See https://example.org/a/b for 3/4 of it.'],
  ])('is said without folders of this machine: %j', (sentence, said) => {
    expect(errorText('en', new UserError('some.code', sentence))).toBe(said);
  });
});

describe('texts', () => {
  it.each(Object.keys(TEXTS.en).filter(isTextKey))(
    '%s takes the same values in both languages and is not empty',
    (key) => {
      expect(paramsOf(TEXTS.de[key])).toEqual(paramsOf(TEXTS.en[key]));
      expect(TEXTS.en[key].trim()).not.toBe('');
      expect(TEXTS.de[key].trim()).not.toBe('');
    },
  );

  it('has the same keys in both languages', () => {
    expect(Object.keys(TEXTS.de).sort()).toEqual(Object.keys(TEXTS.en).sort());
  });

  it('describes every command and option in at most 100 characters', () => {
    for (const locale of LOCALES) {
      for (const spec of COMMANDS) {
        expect(describeCommand(locale, spec.name).length).toBeLessThanOrEqual(100);
        for (const option of spec.options) {
          expect(describeOption(locale, spec.name, option.name).length).toBeLessThanOrEqual(100);
        }
      }
    }
  });

  it('keeps the words that scripts look for in English labels', () => {
    expect(text('en', 'button.upscale', { number: 1 })).toBe('U1');
    expect(text('en', 'button.vary', { number: 4 })).toBe('V4');
    const labels = (['reroll', 'remix', 'info', 'delete', 'cancel'] as const).map((name) =>
      text('en', `button.${name}`),
    );
    expect(labels).toEqual(['Reroll', 'Remix', 'Info', 'Delete', 'Cancel']);
  });

  it('writes numbers with their word in the reader’s way', () => {
    expect(text('en', 'answer.steps', { steps: 1 })).toBe('1 step');
    expect(text('en', 'answer.steps', { steps: 4 })).toBe('4 steps');
    expect(text('de', 'answer.steps', { steps: 4 })).toBe('4 Schritte');
    expect(formatSeconds('en', 420)).toBe('0.4');
    expect(formatSeconds('de', 420)).toBe('0,4');
    expect([1, 2, 3, 4, 11, 12, 13, 21, 22].map((place) => formatOrdinal('en', place))).toEqual([
      '1st',
      '2nd',
      '3rd',
      '4th',
      '11th',
      '12th',
      '13th',
      '21st',
      '22nd',
    ]);
    expect(formatOrdinal('de', 3)).toBe('3.');
  });

  it('does not take a value for a template', () => {
    expect(text('en', 'error.option.unknown', { given: '{closest}', closest: 'seed' })).toBe(
      'There is no option --{closest}. Did you mean --seed?',
    );
  });

  it('says an error in the reader’s language, or as it was written where it is not translated', () => {
    const known = new UserError('upscale.largest', 'This picture is as large as it gets.');
    expect(errorText('de', known)).toBe('Größer wird dieses Bild nicht.');
    expect(errorText('en', known)).toBe(known.message);
    expect(errorText('de', new UserError('weights.odd', 'As written.'))).toBe('As written.');
  });
});
