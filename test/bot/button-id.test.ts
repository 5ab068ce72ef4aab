import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ButtonId,
  decodeButtonId,
  DRAFT_ACTIONS,
  encodeButtonId,
  JOB_ACTIONS,
  MAX_BUTTON_ID_LENGTH,
  PANEL_FIELDS,
  PICTURE_ACTIONS,
} from '../../src/bot/button-id.ts';

const subject = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/);
const id: fc.Arbitrary<ButtonId> = fc.oneof(
  fc.record({ kind: fc.constant('job' as const), action: fc.constantFrom(...JOB_ACTIONS), job: subject }),
  fc.record({
    kind: fc.constant('picture' as const),
    action: fc.constantFrom(...PICTURE_ACTIONS),
    job: subject,
    index: fc.integer({ min: 0, max: 9 }),
  }),
  fc.record({ kind: fc.constant('draft' as const), action: fc.constantFrom(...DRAFT_ACTIONS), draft: subject }),
  fc.record({ kind: fc.constant('panel' as const), field: fc.constantFrom(...PANEL_FIELDS) }),
  fc.constant({ kind: 'imagine-form' as const }),
  fc.constant({ kind: 'forget-me' as const }),
);

describe('button ids', () => {
  it('come back as they were written and fit into 100 characters', () => {
    fc.assert(
      fc.property(id, (value) => {
        const text = encodeButtonId(value);
        expect(text.length).toBeLessThanOrEqual(MAX_BUTTON_ID_LENGTH);
        expect(decodeButtonId(text)).toEqual(value);
      }),
    );
  });

  it('stay what they are in messages that were posted long ago', () => {
    expect(encodeButtonId({ kind: 'picture', action: 'upscale', job: 'k3f9', index: 0 })).toBe('1.upscale.k3f9.0');
    expect(encodeButtonId({ kind: 'job', action: 'reroll', job: 'k3f9' })).toBe('1.reroll.k3f9');
    expect(encodeButtonId({ kind: 'draft', action: 'heavier', draft: 'd1' })).toBe('1.draft.d1.heavier');
    expect(encodeButtonId({ kind: 'panel', field: 'nsfw' })).toBe('1.panel.nsfw');
  });

  it('never decode to anything that does not encode to the same text', () => {
    const almost = fc
      .array(
        fc.constantFrom('1', '2', '.', 'vary', 'upscale', 'reroll', 'panel', 'nsfw', 'draft', 'save', 'a', '0', ''),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost), (text) => {
        const decoded = decodeButtonId(text);
        const again = decoded === undefined ? text : encodeButtonId(decoded);
        expect(again).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    '1',
    '2.reroll.abc',
    '1.reroll',
    '1.reroll.a b',
    '1.vary.abc',
    '1.vary.abc.10',
    '1.panel.root',
    '1.forget-me.x',
  ])('refuse %j', (text) => {
    expect(decodeButtonId(text)).toBeUndefined();
  });

  it('refuse to be written with a subject that could not be read', () => {
    expect(() => encodeButtonId({ kind: 'job', action: 'info', job: 'a.b' })).toThrow(RangeError);
  });
});
