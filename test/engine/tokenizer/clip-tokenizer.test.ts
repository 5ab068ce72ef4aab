import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { openTokenizer } from '../../../src/engine/tokenizer/index.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../../golden/tokens');
const LAYOUTS = ['slow', 'fast', 'second', 'fast_second'] as const;
const ids = z.array(z.int());
const { cases } = z
  .object({ cases: z.array(z.object({ text: z.string(), slow: ids, fast: ids, second: ids, fast_second: ids })) })
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'ids.json'), 'utf8')));

describe.each(LAYOUTS)('the tokenizer layout "%s"', (layout) => {
  it.each(cases)('gives transformers’ ids for $text', async (golden) => {
    const tokenizer = await openTokenizer(path.join(GOLDEN, layout));
    expect(tokenizer.encode(golden.text).ids).toEqual(golden[layout]);
  });
});

describe('a tokenizer that has read few texts', () => {
  it('gives the ids that it gives with its whole vocabulary', async () => {
    const whole = await openTokenizer(path.join(GOLDEN, 'slow'));
    ['one', 'two', 'three'].forEach((text) => whole.encode(text));
    const words = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...cases.flatMap(({ text }) => text.split(' '))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(words), fc.array(words), async (some, others) => {
        const fresh = await openTokenizer(path.join(GOLDEN, 'slow'));
        for (const text of [some.join(' '), others.join('')]) {
          expect(fresh.encode(text)).toEqual(whole.encode(text));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a folder that lacks something', () => {
  it.each(['slow', 'fast'] as const)(
    'gives SDXL’s second tokenizer from "%s" and another padding token',
    async (layout) => {
      const tokenizer = await openTokenizer(path.join(GOLDEN, layout), '!');
      const differing = cases.filter((golden) => !isEqual(tokenizer.encode(golden.text).ids, golden.second));
      // The end token is found in any case there, and only as typed here; nobody writes it.
      expect(differing.map(({ text }) => text).filter((text) => !/endoftext/i.test(text))).toEqual([]);
    },
  );

  it('gives the vocabulary that the merges imply', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-tokenizer-'));
    await cp(path.join(GOLDEN, 'slow/merges.txt'), path.join(folder, 'merges.txt'));
    const tokenizer = await openTokenizer(folder);
    const differing = cases.filter((golden) => !isEqual(tokenizer.encode(golden.text).ids, golden.slow));
    expect(differing.map(({ text }) => text).filter((text) => !/endoftext/i.test(text))).toEqual([]);
    await rm(folder, { recursive: true });
  });

  function isEqual(a: readonly number[], b: readonly number[]): boolean {
    return a.length === b.length && a.every((id, i) => id === b[i]);
  }
});

describe('a prompt that is too long', () => {
  it('keeps 75 tokens and reports nothing when exactly those fit', async () => {
    const tokenizer = await openTokenizer(path.join(GOLDEN, 'slow'));
    const prompt = Array.from({ length: 75 }, () => 'fox').join(' ');
    expect(tokenizer.encode(prompt)).toMatchObject({ used: 77, cut: '' });
  });

  it('reports the words that did not fit, as they were written', async () => {
    const tokenizer = await openTokenizer(path.join(GOLDEN, 'slow'));
    const prompt = `${Array.from({ length: 74 }, () => 'fox').join(' ')} THE Dog,  and so on `;
    expect(tokenizer.encode(prompt).cut).toBe('Dog,  and so on');
  });

  it('reports a word of which only a part fitted', async () => {
    const tokenizer = await openTokenizer(path.join(GOLDEN, 'slow'));
    expect(tokenizer.encode(`a fox ${'!?'.repeat(100)} end`).cut).toBe(`${'!?'.repeat(100)} end`);
  });
});

describe('a damaged tokenizer folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-tokenizer-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is refused with the folder’s name when it is empty or absent', async () => {
    for (const place of [folder, path.join(folder, 'absent')]) {
      await expect(openTokenizer(place)).rejects.toMatchObject({
        name: 'UserError',
        code: 'tokenizer.files',
        params: { folder: place },
      });
    }
  });

  it('is refused when merges.txt is missing beside vocab.json', async () => {
    await cp(path.join(GOLDEN, 'slow'), folder, { recursive: true });
    await rm(path.join(folder, 'merges.txt'));
    await expect(openTokenizer(folder)).rejects.toThrow(/neither tokenizer\.json nor merges\.txt/);
  });

  it('is refused when vocab.json is no vocabulary', async () => {
    await cp(path.join(GOLDEN, 'slow'), folder, { recursive: true });
    for (const content of ['{', '[]', '{"a": "b"}', '{"a": -1}']) {
      await writeFile(path.join(folder, 'vocab.json'), content);
      await expect(openTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer.files' });
    }
  });

  it('is refused when the vocabulary lacks the tokens for begin and end', async () => {
    await cp(path.join(GOLDEN, 'slow'), folder, { recursive: true });
    await writeFile(path.join(folder, 'vocab.json'), '{"a": 0}');
    await expect(openTokenizer(folder)).rejects.toThrow(/no "<\|startoftext\|>"/);
  });
});

describe('words that a saved pipeline learnt', () => {
  it('are tokens of their own, wherever they stand, with all their vectors', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-added-'));
    writeTinyModel('sd15', folder);
    const tokens = { '<cat-toy>': 540, '<cat-toy>_1': 541, '<dog>': 542 };
    await writeFile(path.join(folder, 'tokenizer/added_tokens.json'), JSON.stringify(tokens));
    const tokenizer = await openTokenizer(path.join(folder, 'tokenizer'));
    const [a, fox] = [tokenizer.idsOf('a'), tokenizer.idsOf('fox')];
    // As transformers gives them for "a <cat-toy> <cat-toy>_1 fox" and the others.
    expect(tokenizer.idsOf('a <cat-toy> fox')).toEqual([...a, 540, 541, ...fox]);
    expect(tokenizer.idsOf('a<dog>fox')).toEqual([...a, 542, ...fox]);
    await rm(folder, { recursive: true });
  });
});
