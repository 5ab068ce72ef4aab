import { describe, expect, it } from 'vitest';

import {
  emphasised,
  foreignForms,
  layOutChunks,
  parseWeighted,
  splitConcepts,
  splitByWords,
  takeReferences,
} from '../../../src/engine/prompt/index.ts';

const OPTIONS = { begin: 1000, end: 1001, pad: 1002, comma: 500, room: 75 };
const tokens = (count: number, from = 0, weight = 1) => ({
  kind: 'tokens' as const,
  weight,
  tokens: Array.from({ length: count }, (_, k) => ({ kind: 'id' as const, id: from + k })),
});

describe('brackets', () => {
  it.each([
    { prompt: 'a fox', pieces: [['a fox', 1]] },
    { prompt: '(a)', pieces: [['a', 1.1]] },
    {
      prompt: '((a)) [b]',
      pieces: [
        ['a', 1.21],
        [' ', 1],
        ['b', 1 / 1.1],
      ],
    },
    {
      prompt: '(a (b:2):0.5)',
      pieces: [
        ['a ', 0.5],
        ['b', 1],
      ],
    },
    { prompt: String.raw`\(a\) b\\`, pieces: [[String.raw`(a) b` + '\\', 1]] },
    { prompt: 'a) b] :', pieces: [['a) b] :', 1]] },
    { prompt: '(a', pieces: [['a', 1.1]] },
    { prompt: '', pieces: [['', 1]] },
    { prompt: '(a:1.2.3)', pieces: [['a:1.2.3', 1.1]] },
  ])('in $prompt are weights', ({ prompt, pieces }) => {
    const found = parseWeighted(prompt).map((piece) => (piece.kind === 'text' ? [piece.text, piece.weight] : piece));
    expect(found.length).toBe(pieces.length);
    for (const [k, [text, weight]] of pieces.entries()) {
      expect(found[k]).toEqual([text, expect.closeTo(Number(weight), 6)]);
    }
  });

  it('leave BREAK between words a break, and a part of a word a part', () => {
    expect(parseWeighted('(a BREAK b:2) BREAKFAST')).toEqual([
      { kind: 'text', text: 'a', weight: 2 },
      { kind: 'break' },
      { kind: 'text', text: 'b', weight: 2 },
      { kind: 'text', text: ' BREAKFAST', weight: 1 },
    ]);
  });
});

describe('chunks', () => {
  it('hold 75 tokens between begin and end, the rest of the last filled up', () => {
    const [first, second] = layOutChunks([tokens(80)], OPTIONS);
    expect([first?.ids.length, first?.ids[0], first?.ids[76]]).toEqual([77, 1000, 1001]);
    expect(second?.ids.slice(0, 8)).toEqual([1000, 75, 76, 77, 78, 79, 1001, 1002]);
  });

  it('end behind a comma that is near', () => {
    const comma = { kind: 'tokens' as const, weight: 1, tokens: [{ kind: 'id' as const, id: 500 }] };
    const [first, second] = layOutChunks([tokens(60), comma, tokens(20, 100)], OPTIONS);
    expect(first?.ids.slice(59, 64)).toEqual([58, 59, 500, 1001, 1002]);
    expect(second?.ids.slice(0, 3)).toEqual([1000, 100, 101]);
    // One further away than twenty tokens stays.
    expect(layOutChunks([tokens(50), comma, tokens(30, 100)], OPTIONS)[0]?.ids[75]).toBe(123);
  });

  it('keep a learned word together', () => {
    const learned = { kind: 'learned' as const, vectors: [Float32Array.of(1), Float32Array.of(2)] };
    const chunks = layOutChunks([tokens(74), { kind: 'tokens', weight: 1.5, tokens: [learned] }], OPTIONS);
    expect(chunks[0]?.learned.size).toBe(0);
    expect([...(chunks[1]?.learned ?? [])]).toEqual([
      [1, Float32Array.of(1)],
      [2, Float32Array.of(2)],
    ]);
    expect(chunks[1]?.weights.slice(0, 4)).toEqual([1, 1.5, 1.5, 1]);
  });
});

it('weights keep the mean of the states', () => {
  const states = Float32Array.of(1, 3, 2, 2);
  expect(emphasised(states, [1, 1])).toBe(states);
  const weighted = emphasised(states, [1, 3]);
  expect([...weighted].map((value) => value / weighted[0]!)).toEqual(
    [1, 3, 6, 6].map((value) => expect.closeTo(value, 5)),
  );
  expect(weighted.reduce((sum, value) => sum + value, 0)).toBeCloseTo(8, 5);
});

describe('concepts', () => {
  it.each([
    { prompt: 'a fox', concepts: [['a fox', 1]] },
    {
      prompt: 'a::2 b',
      concepts: [
        ['a', 2 / 3],
        ['b', 1 / 3],
      ],
    },
    {
      prompt: 'a::2 b::-1',
      concepts: [
        ['a', 2],
        ['b', -1],
      ],
    },
    {
      prompt: 'a:: b',
      concepts: [
        ['a', 0.5],
        ['b', 0.5],
      ],
    },
    { prompt: 'a::.5', concepts: [['a', 1]] },
    { prompt: '::', concepts: [['', 1]] },
  ])('of $prompt have shares of one', ({ prompt, concepts }) => {
    expect(splitConcepts(prompt).map(({ text, share }) => [text, share])).toEqual(
      concepts.map(([text, share]) => [text, expect.closeTo(Number(share), 6)]),
    );
  });
});

describe('references', () => {
  it('to styles and inversions that are not there are taken out', () => {
    expect(takeReferences('a fox <lora:ink:0.8>, embedding:bad, embedding:good', ['good'])).toEqual({
      text: 'a fox , , embedding:good',
      unknownStyles: ['ink'],
      unknownEmbeddings: ['bad'],
    });
  });

  it('to learned words are whole words, whatever their case', () => {
    expect(splitByWords('a Cat-toy, embedding:cat-toy cat-toys', ['cat-toy'])).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'learned', word: 'cat-toy' },
      { kind: 'text', text: ', ' },
      { kind: 'learned', word: 'cat-toy' },
      { kind: 'text', text: ' cat-toys' },
    ]);
  });
});

describe('forms of other programs', () => {
  it.each([
    ['a [cat:dog:0.5] on blue', ['[cat:dog:0.5]']],
    ['a [dog:0.3]', ['[dog:0.3]']],
    ['a [cat::0.7]', ['[cat::0.7]']],
    ['a [cat|dog]', ['[cat|dog]']],
    ['a {red|blue} cat', ['{red|blue}']],
    ['a cat AND a dog', ['AND']],
    ['<hypernet:ink:1> a cat', ['<hypernet:ink:1>']],
  ])('are found in %s', (prompt, forms) => {
    expect(foreignForms(prompt)).toEqual(forms);
  });

  it.each([
    'a (cat:1.2) [dog] ((red)) a::2 b',
    'A CAT AND A DOG',
    String.raw`a \[cat|dog\]`,
    'SAND and ANDES',
    'at 12:30, [12]',
  ])('are none in %s', (prompt) => {
    expect(foreignForms(prompt)).toEqual([]);
  });
});
