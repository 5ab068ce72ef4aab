/** Messages as blocks: within Slack's documented limits whatever they hold, escaped, read back without loss. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { cut } from '../../../src/adapters/shared/cut.ts';
import { readSubmission } from '../../../src/adapters/slack/parse-form.ts';
import { formView } from '../../../src/adapters/slack/render-form.ts';
import { buttonIdsOf, pictureOf, renderMessage } from '../../../src/adapters/slack/render.ts';
import type { Form, Line, Message, Row, Span } from '../../../src/core/message.ts';
import { messageFaults, viewFaults } from '../../support/slack/block-rules.ts';
import { button, picture, say } from './stage.ts';

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('<!channel>', '*bold*', '`x`', '<@U1>', '&lt;', '~', '>', '\n', '- a', '🦊', ''),
  fc.string({ maxLength: 9000, minLength: 2900 }),
);
const span: fc.Arbitrary<Span> = fc.oneof(
  fc.record({ kind: fc.constantFrom('plain', 'bold', 'italic', 'code', 'small'), text: words }),
  fc.record({ kind: fc.constant('user'), user: fc.constant('slack:T1-U9' as const), name: words }),
  fc.record({ kind: fc.constant('time'), atMs: fc.integer({ min: 0, max: 4e12 }) }),
);
const line: fc.Arbitrary<Line> = fc.oneof(
  fc.array(span, { maxLength: 4 }),
  words.map((text): Line => [{ kind: 'small', text }]),
);
const id = fc.stringMatching(/^1\.[a-z]{1,10}\.[a-z0-9]{1,8}$/);
const row: fc.Arbitrary<Row> = fc.oneof(
  fc.array(
    fc.record({
      kind: fc.constant('button'),
      id,
      label: fc.string({ minLength: 1, maxLength: 100 }),
      emoji: fc.constantFrom(undefined, '🔄'),
      tone: fc.constantFrom('normal', 'primary', 'danger'),
      isDisabled: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  fc
    .record({
      kind: fc.constant('select'),
      id,
      placeholder: fc.string({ maxLength: 200 }),
      choices: fc.array(
        fc.record({
          value: fc.string({ minLength: 1, maxLength: 150 }),
          label: fc.string({ maxLength: 120 }),
          isSelected: fc.boolean(),
        }),
        { maxLength: 120 },
      ),
    })
    .map((select): Row => [select]),
);
const message: fc.Arbitrary<Message> = fc.record({
  lines: fc.array(line, { maxLength: 60 }),
  picture: fc.constantFrom(undefined, picture('x'), picture('x', '')),
  files: fc.constant([]),
  rows: fc.array(row, { maxLength: 6 }),
  notify: fc.constantFrom(undefined, 'slack:T1-U9' as const),
});

describe('a rendered message', () => {
  it('is one that Slack takes, whatever is in it', () => {
    fc.assert(
      fc.property(message, (any) => {
        const placed = any.picture === undefined ? undefined : { fileId: 'F1', sum: 'abc' };
        const { text, blocks } = renderMessage(any, placed);
        expect(messageFaults(blocks, () => true)).toEqual([]);
        expect(text.length).toBeGreaterThan(0);
        expect(text.length).toBeLessThanOrEqual(4000);
      }),
      { numRuns: 300 },
    );
  });

  it('mentions nobody but whom it is to notify, in blocks and in the text beside them', () => {
    fc.assert(
      fc.property(message, (any) => {
        const { text, blocks } = renderMessage({ ...any, rows: [], notify: undefined }, undefined);
        expect(`${text}\n${JSON.stringify(blocks)}`).not.toMatch(/<!(?!date)|<[@#]|"user_id"/);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps the ids of its buttons, by which the message is known later', () => {
    const rows = [[button('1.a.j', 'A'), button('1.b.j', 'B'), button('1.a.j', 'A again')]];
    const { blocks } = renderMessage({ ...say('x'), rows }, { fileId: 'F1', sum: '0123' });
    expect(buttonIdsOf(blocks)).toEqual(['1.a.j', '1.b.j', '1.a.j']);
    expect(pictureOf(blocks)).toEqual({ fileId: 'F1', sum: '0123' });
  });

  it('puts the picture between the words and the small line, and the buttons last', () => {
    const lines: readonly Line[] = [[{ kind: 'bold', text: 'a fox' }], [{ kind: 'small', text: 'seed 7 · neon' }]];
    const { blocks } = renderMessage({ ...say(), lines, rows: [[button('1.a.j', 'U1')]] }, { fileId: 'F1', sum: '0' });
    expect(blocks.map((block) => block.type)).toEqual(['section', 'image', 'context', 'actions']);
    expect(blocks[0]).toMatchObject({ text: { text: '*a fox*' } });
  });

  it('says words with formatting marks where none of them has a meaning', () => {
    const { blocks } = renderMessage({ ...say(), lines: [[{ kind: 'bold', text: '2*3*4 _ok_ `x`' }]] }, undefined);
    expect(blocks).toEqual([
      {
        type: 'rich_text',
        elements: [
          {
            type: 'rich_text_section',
            elements: [{ type: 'text', text: '2*3*4 _ok_ `x`', style: { bold: true } }],
          },
        ],
      },
    ]);
  });

  it('colours no button that is used, and keeps its label', () => {
    const used = button('1.a.j', 'U1', { tone: 'primary', isDisabled: true });
    const { blocks } = renderMessage(
      { ...say('x'), rows: [[used, button('1.b.j', 'U2', { tone: 'danger' })]] },
      undefined,
    );
    expect(blocks[1]).toMatchObject({
      elements: [{ text: { text: 'U1' } }, { text: { text: 'U2' }, style: 'danger' }],
    });
    expect(JSON.stringify(blocks[1])).not.toContain('primary');
  });
});

describe('a form', () => {
  const form: fc.Arbitrary<Form> = fc.record({
    id,
    title: fc.string({ minLength: 1, maxLength: 60 }),
    submit: fc.string({ minLength: 1, maxLength: 60 }),
    fields: fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[a-z]{1,10}$/),
        label: fc.string({ minLength: 1, maxLength: 100 }),
        value: fc.string({ maxLength: 5000 }),
        isRequired: fc.boolean(),
        maxLength: fc.integer({ min: 1, max: 6000 }),
        isMultiline: fc.boolean(),
      }),
      { selector: (field) => field.id, minLength: 1, maxLength: 5 },
    ),
  });
  const origin = {
    channel: 'C1',
    thread: null,
    ts: '1.0',
    isEphemeral: false,
    hook: null,
    hookAt: 7,
    isHome: false,
    asksWhere: false,
  };

  it('lets channels be picked where that is asked for, and gives them back one a line', () => {
    const field = { label: 'Where', isRequired: false, maxLength: 100, isMultiline: false };
    const fields = [
      { ...field, id: 'one', value: 'C0AUDIT', picks: 'channel' as const },
      { ...field, id: 'many', value: 'C0A\ngeneral\nG0B', picks: 'channels' as const },
      { ...field, id: 'none', value: '', picks: 'channels' as const },
    ];
    const view = formView({ id: '1.panel.channels', title: 'Channels', submit: 'Save', fields }, origin, 'en');
    expect(viewFaults(view)).toEqual([]);
    expect(JSON.stringify(view)).toContain('"initial_conversations":["C0A","G0B"]');
    const values = {
      one: { value: { type: 'conversations_select', selected_conversation: 'C0AUDIT' } },
      many: { value: { type: 'multi_conversations_select', selected_conversations: ['C0A', 'G0B'] } },
      none: { value: { type: 'multi_conversations_select', selected_conversations: [] } },
    };
    expect(readSubmission({ ...view, state: { values } })?.submitted).toMatchObject({
      fields: { one: 'C0AUDIT', many: 'C0A\nG0B', none: '' },
    });
  });

  it('is a modal that Slack takes, and comes back as what was typed', () => {
    fc.assert(
      fc.property(form, (any) => {
        const view = formView(any, origin, 'en');
        expect(viewFaults(view)).toEqual([]);
        const values = Object.fromEntries(
          any.fields.map((field) => [field.id, { value: { type: 'plain_text_input', value: `${field.id}!` } }]),
        );
        expect(readSubmission({ ...view, state: { values } })).toEqual({
          origin,
          submitted: {
            kind: 'form',
            id: any.id,
            fields: Object.fromEntries(any.fields.map((field) => [field.id, `${field.id}!`])),
          },
        });
      }),
    );
  });
});

describe('cut', () => {
  it('never leaves half of a character behind', () => {
    expect(cut('🦊🦊🦊', 4)).toBe('🦊…');
    expect(cut('abcd', 4)).toBe('abcd');
  });
});
