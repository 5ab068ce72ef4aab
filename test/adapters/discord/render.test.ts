/** Neutral messages as Discord's payloads: within the limits, and words of people as words. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { LIMITS } from '../../../src/adapters/discord/limits.ts';
import { renderForm } from '../../../src/adapters/discord/render-form.ts';
import { renderMessage, renderSuggestions } from '../../../src/adapters/discord/render.ts';
import type { Button, Line, Message, Span } from '../../../src/core/message.ts';
import { messageBody, modalBody } from '../../support/discord/message-rules.ts';
import { pictureFile, say } from './scripted-bot.ts';

const button = (id: string, more: Partial<Button> = {}): Button => ({
  kind: 'button',
  id,
  label: 'U1',
  emoji: undefined,
  tone: 'normal',
  isDisabled: false,
  ...more,
});

const contentOf = (...lines: readonly Line[]): string => renderMessage(say('', { lines })).body.content;

describe('words of people', () => {
  it.each([
    [
      '**bold** _it_ ~~no~~ ||secret|| `code`',
      String.raw`\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|secret\|\| ` + '\\`code\\`',
    ],
    ['<@123> <@&4> <#5> <:x:6> </go:7> <t:8>', String.raw`\<@123> \<@&4> \<#5> \<:x:6> \</go:7> \<t:8>`],
    ['[here](https://x.test)', String.raw`\[here\](https://x.test)`],
    ['# big', String.raw`\# big`],
    ['-# small', String.raw`\-# small`],
    ['> quote', String.raw`\> quote`],
    ['- item', String.raw`\- item`],
    ['1. item', '1\u2060. item'],
    [String.raw`back\slash`, String.raw`back\\slash`],
    ['a\nb\r\n\r\nc', 'a b c'],
    ['@everyone @here', '@\u2060everyone @\u2060here'],
    ['a fox - on blue, 3:2', 'a fox - on blue, 3:2'],
  ])('%j stay words', (typed, shown) => {
    expect(contentOf([{ kind: 'plain', text: typed }])).toBe(shown);
  });

  it('never mention anybody, whatever they are', () => {
    const found = fc.check(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('plain', 'bold', 'italic', 'small'), (typed, kind) => {
        const { body } = renderMessage(say('', { lines: [[{ kind, text: `${typed}<@1><@&2>@everyone` }]] }));
        const hasOpenMention = /(?<!\\)(\\\\)*<@/.test(body.content) || body.content.includes('@everyone');
        return !hasOpenMention && body.allowed_mentions.users.length === 0;
      }),
    );
    expect(found.counterexample).toBeNull();
  });

  it('keep formatting marks touching words', () => {
    expect(contentOf([{ kind: 'bold', text: ' a fox ' }])).toBe(' **a fox** ');
    expect(contentOf([{ kind: 'bold', text: '  ' }])).toBe('  ');
    expect(contentOf([{ kind: 'code', text: 'a `tick`' }])).toBe('`a ˋtickˋ`');
  });
});

describe('a channel', () => {
  it('is shown as Discord shows one, and anything else as it was typed', () => {
    const shown = (id: string) => renderMessage(say('', { lines: [[{ kind: 'channel', id }]] })).body.content;
    expect(shown('111111111111111111')).toBe('<#111111111111111111>');
    expect(shown('@everyone')).not.toContain('@everyone');
    expect(shown('1> <@&2')).toBe('1> \\<@&2');
  });
});

describe('a message', () => {
  it('renders spans, small lines, people and moments', () => {
    expect(
      contentOf(
        [
          { kind: 'bold', text: 'a fox' },
          { kind: 'plain', text: ' · ' },
          { kind: 'user', user: 'discord:123', name: 'ann' },
        ],
        [
          { kind: 'small', text: 'seed 7' },
          { kind: 'small', text: ' · 0.4 s' },
        ],
        [{ kind: 'time', atMs: 1_700_000_000_000 }],
        [{ kind: 'user', user: 'slack:T1-U1', name: 'bo_b' }],
      ),
    ).toBe('**a fox** · <@123>\n-# seed 7 · 0.4 s\n<t:1700000000:f>\nbo\\_b');
  });

  it('notifies whom it says and nobody else', () => {
    const lines: Line[] = [[{ kind: 'user', user: 'discord:123', name: 'ann' }]];
    expect(renderMessage(say('', { lines })).body.allowed_mentions.users).toEqual([]);
    const notifying = renderMessage(say('', { lines, notify: 'discord:123' })).body;
    expect(notifying.allowed_mentions).toEqual({ parse: [], users: ['123'] });
    const called = renderMessage(say('', { lines, notify: 'discord:123' }), { mention: '123' }).body;
    expect(called.content).toBe('<@123>');
    expect(renderMessage(say('done'), { mention: '9' }).body.content).toBe('<@9>\ndone');
  });

  it('puts the picture first, with its alternative text, and hides a spoiler', () => {
    const file = { ...pictureFile(10, 'facts.json'), contentType: 'application/json', alt: '' };
    const picture = { ...pictureFile(10, 'my fox?.png'), isSpoiler: true, alt: 'x'.repeat(2000) };
    const { body, files } = renderMessage(say('a', { picture, files: [file] }));
    expect(files.map(({ name }) => name)).toEqual(['SPOILER_my_fox_.png', 'facts.json']);
    expect(body.attachments?.[0]).toEqual({
      id: 0,
      filename: 'SPOILER_my_fox_.png',
      description: `${'x'.repeat(LIMITS.altText - 1)}…`,
    });
    expect(body.attachments?.[1]).toEqual({ id: 1, filename: 'facts.json' });
  });

  it('shows emoji in the form that Discord takes, and other signs in the label', () => {
    const signs = ['🔄', '✏️', '✖', 'ℹ', '×', undefined];
    const { components } = renderMessage(
      say('a', { rows: signs.map((emoji, at) => [button(`b${at}`, { emoji })]).slice(0, 5) }),
    ).body;
    expect(components.map((row) => row.components[0])).toMatchObject([
      { label: 'U1', emoji: { name: '🔄' } },
      { label: 'U1', emoji: { name: '✏️' } },
      { label: 'U1', emoji: { name: '✖️' } },
      { label: 'U1', emoji: { name: 'ℹ️' } },
      { label: '× U1' },
    ]);
  });

  it('is within every limit whatever it is made of, and never ends in the middle of a mark', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 1500 });
    const span: fc.Arbitrary<Span> = fc.oneof(
      fc.record({ kind: fc.constantFrom('plain', 'bold', 'italic', 'code', 'small'), text }),
      fc.record({ kind: fc.constant('time' as const), atMs: fc.nat() }),
      fc.record({ kind: fc.constant('user' as const), user: fc.constant('discord:1' as const), name: text }),
    );
    const rows = fc.array(
      fc.oneof(
        fc.array(fc.record({ label: fc.string({ maxLength: 200 }), emoji: fc.constantFrom('🔄', 'x', undefined) }), {
          maxLength: 7,
        }),
        fc.constant('select' as const),
      ),
      { maxLength: 7 },
    );
    fc.assert(
      fc.property(fc.array(fc.array(span, { maxLength: 4 }), { maxLength: 6 }), rows, (lines, wanted) => {
        const message: Message = say('', {
          lines,
          picture: pictureFile(),
          rows: wanted.map((row, at) =>
            row === 'select'
              ? [
                  {
                    kind: 'select',
                    id: `s${at}`,
                    placeholder: 'p'.repeat(300),
                    choices: Array.from({ length: 40 }, (_, nr) => ({
                      value: `v${nr}`,
                      label: 'l'.repeat(300),
                      isSelected: nr === 3,
                    })),
                  },
                ]
              : row.map(({ label, emoji }, nr) => button(`b${at}-${nr}`, { label: `U${label}`, emoji })),
          ),
        });
        const { body } = renderMessage(message);
        expect(messageBody.safeParse(body).error).toBeUndefined();
        expect(body.content.length).toBeLessThanOrEqual(LIMITS.content);
      }),
      { numRuns: 60 },
    );
  });
});

const FORM = { id: '1.panel.channels', title: 'Channels', submit: 'Save' } as const;
const FORM_BODY = { custom_id: FORM.id, title: FORM.title };

describe('a form', () => {
  it('is within the limits', () => {
    const field = {
      label: 'l'.repeat(90),
      value: 'v'.repeat(9000),
      isRequired: true,
      maxLength: 9000,
      isMultiline: true,
    };
    const form = renderForm({
      id: '1.panel.words',
      title: 't'.repeat(90),
      submit: 'Draw',
      fields: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ ...field, id })),
    });
    expect(modalBody.safeParse(form).error).toBeUndefined();
    const picked = { ...field, isRequired: false, value: '111111111111111111\nnonsense' };
    for (const picks of ['channel', 'channels'] as const) {
      const { components } = renderForm({ ...FORM, fields: [{ ...picked, id: 'a', picks }] });
      expect(modalBody.safeParse({ ...FORM_BODY, components }).error).toBeUndefined();
      expect(components[0]).toMatchObject({
        component: { type: 8, min_values: 0, default_values: [{ id: '111111111111111111' }] },
      });
    }
    for (const [picks, types] of [
      ['channel', [0, 5]],
      ['channels', [0, 5, 15, 16, 2]],
    ] as const) {
      const [part] = renderForm({ ...FORM, fields: [{ ...picked, id: 'a', picks }] }).components;
      expect(part).toMatchObject({ component: { channel_types: types } });
    }
    const choices = (count: number) =>
      Array.from({ length: count }, (_, k) => ({ value: `${k + 1}`, label: `c${k + 1}`.repeat(80) }));
    // A few are seen at once, if one must be chosen: a radio group cannot be emptied.
    for (const [count, isRequired, type] of [
      [2, true, 21],
      [10, true, 21],
      [11, true, 3],
      [1, true, 3],
      [2, false, 3],
      [26, true, 4],
    ] as const) {
      const chosen = { ...field, id: 'a', isRequired, value: '2', choices: choices(count) };
      const { components } = renderForm({ ...FORM, fields: [chosen] });
      expect(modalBody.safeParse({ ...FORM_BODY, components }).error).toBeUndefined();
      expect(components[0]).toMatchObject({ component: { type, required: isRequired } });
    }
    // More than a picker can show are typed, lest saving lose some.
    const many = Array.from({ length: 26 }, (_, k) => String(111111111111111111n + BigInt(k))).join('\n');
    const typed = renderForm({ ...FORM, fields: [{ ...picked, id: 'a', picks: 'channels', value: many }] });
    expect(typed.components[0]).toMatchObject({ component: { type: 4, value: many } });
    expect(() => renderForm({ id: 'x', title: 'x', submit: 'x', fields: [] })).toThrow(RangeError);
  });
});

describe('suggestions', () => {
  it('leave out values that Discord would not send back whole', () => {
    expect(
      renderSuggestions([
        { value: 'v'.repeat(101), label: 'long' },
        { value: 'neon', label: '' },
      ]),
    ).toEqual([{ name: 'neon', value: 'neon' }]);
  });
});
