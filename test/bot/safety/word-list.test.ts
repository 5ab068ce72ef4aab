import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adultWords } from '../../../src/bot/safety/adult-words.ts';
import { WordList } from '../../../src/bot/safety/word-list.ts';
import { INNOCENT } from './innocent-prompts.ts';

const list = new WordList(['gore*', 'nude', 'naked', '裸の', 'red light', 'Straße', 'кровь', '  ', 'c*']);
const find = (text: string) => list.find(text);

describe('a list of words', () => {
  it.each([
    ['a nude fox', 'nude'],
    ['NUDE', 'nude'],
    ['ｎｕｄｅ', 'nude'],
    ['𝓷𝓾𝓭𝓮', 'nude'],
    ['nüdé', 'nude'],
    ['nu\u200bde', 'nude'],
    ['nu\u00adde', 'nude'],
    ['n\u0336u\u0336d\u0336e\u0336', 'nude'],
    ['nu-de', 'nude'],
    ['a nu.de, fox', 'nude'],
    ['n_ude', 'nude'],
    ['nu\u3164de', 'nude'],
    ['nud3', 'nude'],
    ['nudе with a Cyrillic e', 'nude'],
    ['n u d e', 'nude'],
    ['a n.u.d.e fox', 'nude'],
    ['n-u-d-e', 'nude'],
    ['naked1 fox', 'naked'],
    ['naked²', 'naked'],
    ['naked@', 'naked'],
    ['1naked', 'naked'],
    ['7naked7', 'naked'],
    ['naked_fox', 'naked'],
    ['$naked$', 'naked'],
    ['naked™ fox', 'naked'],
    ['naked㎏', 'naked'],
    ['x\u200bnaked', 'naked'],
    ['x\u0336naked', 'naked'],
    ["a 'dnaked fox", 'naked'],
    ["naked's fox", 'naked'],
    ['na<lora:none:1>ked', 'naked'],
    ['na<s9>ked', 'naked'],
    ['(naked:1.3)', 'naked'],
    ['n4k3d', 'naked'],
    ['nak3d1', 'naked'],
    ['naaaaked', 'naked'],
    ['ɴᴀᴋᴇᴅ', 'naked'],
    ['ⓝⓐⓚⓔⓓ', 'naked'],
    ['ｎａｋｅｄ', 'naked'],
    ['x n a k e d y', 'naked'],
    ['x.n.a.k.e.d.y', 'naked'],
    ['4 n 4 k 3 d', 'naked'],
    ['n🦊a🦊k🦊e🦊d', 'naked'],
    ['na.ked,fox', 'naked'],
    ['r e d l i g h t', 'red light'],
    ['red1 light2', 'red light'],
    ['可愛い裸の女性', '裸の'],
    ['gorey', 'gore*'],
    ['g0re', 'gore*'],
    ['a red, light thing', 'red light'],
    ['strasse', 'Straße'],
    ['КРОВЬ', 'кровь'],
  ])('finds one in %j', (text, entry) => {
    expect(find(text)).toBe(entry);
  });

  it.each([
    'a denuded hill',
    'nudes',
    'nudely',
    'the nu de facto',
    'reddish light',
    'red and light',
    'engorged',
    '3',
    '',
  ])('finds none in %j', (text) => {
    expect(new WordList(['nude', 'gore*', 'red light']).find(text)).toBeUndefined();
  });

  it.each([
    ['a nude figure', 'en'],
    ['a cumshot', 'en'],
    ['eine nackte Frau', 'de'],
    ['une femme nue', 'fr'],
    ['una mujer desnuda', 'es'],
    ['全裸の男', 'ja'],
    ['n4ked', 'en'],
  ])('of the usual lists finds an adult word in %j (%s)', (text) => {
    expect(new WordList(adultWords()).find(text)).toBeDefined();
  });

  it.each([
    'a collared dove',
    'a rooster, a cock on a fence',
    'a donkey pulls a cart, ein Esel',
    'a shirt with a collar',
    'un martillo',
    'un chat noir',
    '裸足の少年',
    'a great tit on a branch',
    'Essex in the fog',
    'a nun in Nuremberg',
  ])('of the usual lists finds none in %j', (text) => {
    expect(new WordList(adultWords()).find(text)).toBeUndefined();
  });

  it('of the usual lists finds none in two hundred prompts of an ordinary day', () => {
    const usual = new WordList(adultWords());
    expect(INNOCENT.length).toBeGreaterThanOrEqual(200);
    expect(INNOCENT.filter((prompt) => usual.find(prompt) !== undefined)).toEqual([]);
    // The same prompts with a word of the lists in them are found: the list is not asleep.
    expect(INNOCENT.filter((prompt) => usual.find(`${prompt} naked1`) === undefined)).toEqual([]);
  });

  it('reads the longest text in no more than a moment, whatever it is made of', () => {
    const usual = new WordList(adultWords());
    const texts = ['ﷺ', 'a.', 'a ', '<a', "'d", '$', 'a1!', 'a\u0336', '🦊'].map((part) =>
      part.repeat(6000 / part.length),
    );
    // A form that grows eighteenfold is still read in time that grows with it, not with its square.
    for (const text of texts) {
      const startedAt = performance.now();
      usual.find(text);
      expect(performance.now() - startedAt).toBeLessThan(5000);
    }
  });

  it('blocks no word for what is inside it', () => {
    expect(new WordList(['ass', 'cum', 'tit']).find('a classy document with a title about Scunthorpe')).toBeUndefined();
  });

  it('ends for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([undefined, 'gore*', 'nude', 'naked', '裸の', 'red light', 'Straße', 'кровь', 'c*']).toContain(
          find(text),
        );
      }),
    );
  });
});
