/** What a model with a small vocabulary makes of a prompt: words it knows stay, others are told or drawn as the nearest. */
import { describe, expect, it } from 'vitest';

import { readPrompt } from '../../../src/engine/words/index.ts';
import { parseWordTable } from '../../../src/engine/words/word-table.ts';

const language = (terms: Record<string, string>, more: object = {}) => ({
  little: [],
  terms,
  adjectives: [],
  places: [],
  ...more,
});

const table = parseWordTable(
  JSON.stringify({
    version: 1,
    things: 'dog\ncat\nfox\nhot dog\nviolin\nspace invader\nsun',
    words: 'blue\nred\nspace\nin space\nsnow',
    near: { cello: 'violin', 'golden retriever': 'dog' },
    silent: 'three\na\nan\nthe\nwith\nin\non\nold\nof\nplaying\nand',
    languages: {
      de: language(
        {
          hund: 'dog',
          hunde: 'dogs',
          sonne: 'sun',
          fuchs: 'fox',
          ein: 'a',
          einen: 'a',
          der: 'the',
          auf: 'on',
          hut: 'hat',
          trägt: 'wearing',
          reitet: 'riding',
          roten: 'red',
          'im schnee': 'in the snow',
          mit: 'with',
          rot: 'red',
          roter: 'red',
        },
        { little: ['ein', 'im'] },
      ),
      es: language(
        { gato: 'cat', azul: 'blue', con: 'with', 'el sol': 'the sun' },
        { little: ['un', 'el'], adjectives: ['azul'] },
      ),
      fr: language(
        { chat: 'cat', "dans l'espace": 'in space', noir: 'black' },
        { little: ['un', 'dans', 'l'], adjectives: ['noir'] },
      ),
      ja: language(
        { 青い: 'blue', 猫: 'cat', の: '', 宇宙: 'in space', 犬: 'dog', 狐: 'fox', の上の: 'on', と: 'and' },
        { places: ['宇宙'], relations: ['の上の'] },
      ),
    },
  }),
  'words.json',
);

describe('reading a prompt', () => {
  it('leaves what the model knows as it was typed, in every number and case', () => {
    for (const prompt of ['a fox on blue', 'Three dogs and the Cats', '(a fox:1.2), in space', "the dog's sun", '']) {
      expect(readPrompt(table, prompt)).toEqual({ prompt, unknown: [] });
    }
  });

  it('draws a word that it does not know as the nearest, and says so', () => {
    expect(readPrompt(table, 'an old Cello on red')).toEqual({
      prompt: 'an old violin on red',
      unknown: [{ word: 'Cello', drawn: 'violin' }],
    });
    expect(readPrompt(table, 'a golden retriever, (cellos:0.8)')).toEqual({
      prompt: 'a dog, (violin:0.8)',
      unknown: [
        { word: 'golden retriever', drawn: 'dog' },
        { word: 'cellos', drawn: 'violin' },
      ],
    });
  });

  it('says once what it cannot draw at all, and leaves it in the prompt', () => {
    expect(readPrompt(table, 'a tesla with a Tesla and Bucéfalo')).toEqual({
      prompt: 'a tesla with a Tesla and Bucéfalo',
      unknown: [
        { word: 'tesla', drawn: undefined },
        { word: 'Bucéfalo', drawn: undefined },
      ],
    });
  });

  it('says words that cannot be drawn and stand together as one name', () => {
    expect(readPrompt(table, 'a dog with Donald Ronald Duck, tesla and bugatti').unknown).toEqual(
      ['Donald Ronald Duck', 'tesla', 'bugatti'].map((word) => ({ word, drawn: undefined })),
    );
    expect(readPrompt(table, 'a tesla cello bugatti').unknown).toEqual([
      { word: 'tesla', drawn: undefined },
      { word: 'cello', drawn: 'violin' },
      { word: 'bugatti', drawn: undefined },
    ]);
  });

  it('takes the longest name: a hot dog is no dog, and one that punctuation parts is none', () => {
    expect(readPrompt(table, 'a hot dog').unknown).toEqual([]);
    expect(readPrompt(table, 'hot, dog').unknown).toEqual([{ word: 'hot', drawn: undefined }]);
  });

  it('passes over numbers, single letters and words put together from known ones', () => {
    expect(readPrompt(table, 'a 4k fox x 2 blue-red').unknown).toEqual([]);
  });

  it.each([
    ['Ein roter Hund im Schnee', 'a red dog in the snow'],
    ['un gato azul', 'un blue cat'],
    ['un gato con el sol azul', 'un cat with the blue sun'],
    ['un chat noir dans l’espace', 'un black cat in space'],
    ['宇宙の青い猫', 'blue cat in space '],
    ['宇宙の犬の上の青い猫と狐', 'blue cat and fox on dog in space '],
    ['犬の上の猫の上の狐', 'fox on cat on dog '],
    ['ein Sonnenhund im Schnee', 'a sun dog in the snow'],
    ['Fuchshund im Schnee, einhund', 'fox dog in the snow, einhund'],
    ['ein Hund, der einen roten Hut trägt', 'a dog wearing a red hat'],
    ['ein Fuchs, der auf der Sonne reitet, auf rot', 'a fox riding on the sun, on red'],
    ['l’espace du chat noir', 'l espace du black cat'],
  ])('reads %s', (typed, read) => {
    expect(readPrompt(table, typed).prompt.replace('Ein', 'a')).toBe(read);
  });

  it('says a Japanese word of one character that it does not know', () => {
    expect(readPrompt(table, '虎と猫').unknown).toEqual([{ word: '虎', drawn: undefined }]);
  });

  it('takes an English prompt for English although other languages share its words', () => {
    expect(readPrompt(table, 'a cat with the sun').prompt).toBe('a cat with the sun');
  });
});

describe('what a model never met', () => {
  const plain = parseWordTable(
    JSON.stringify({
      version: 2,
      things: 'dog\ncat\nfishing pole\ndragon\nknight\nlion\nchef\nfire\nhouses\nred rose\norange',
      words: 'holding\non\nin\nwith\nred',
      near: { eating: 'holding', village: 'houses', apple: 'orange', fishing: 'fishing pole' },
      silent:
        'a\nan\nthe\nmy\nas\nof\nand\nover\ncozy\nbest\nquality\nepic\nbattle\nbetween\nbreathing\nsleeping\nstyle\nred\nblue',
      alike: { 'chef cooking': 'chef', 'knight in shining armor': 'knight', playing: 'holding', over: 'beside' },
      met: 'a\nan\nthe\nof\nand\nbeside\non\nin\nwith\nholding\nstyle\nred\norange',
      languages: {},
    }),
    'words.json',
  );

  it.each([
    ['a cozy lion, best quality, 4k', 'a lion'],
    ['best quality, a lion', 'a lion'],
    ['an epic dragon', 'a dragon'],
    ['a cozy orange dog', 'an orange dog'],
    ['an epic battle between a dragon and a knight', 'a dragon and a knight'],
    ['a dragon breathing fire over a village', 'a dragon with fire beside houses'],
    ['a dragon over an orange', 'a dragon beside an orange'],
    ['my cat as a knight', 'cat with a knight'],
    ['a cat sleeping on the zeppelin', 'a cat'],
    ['a cat sleeping on red', 'a cat on red'],
    ['a cat fishing', 'a cat with a fishing pole'],
    ['a dog playing with a cat', 'a dog with a cat'],
    ['a red and cozy dog', 'a red dog'],
    ['a dog (holding a (cozy) cat:1.2)', 'a dog (holding a () cat:1.2)'],
    ['fishing', 'fishing pole'],
    ['a dog eating an apple', 'a dog holding an orange'],
    ['a dog eating a zeppelin', 'a dog'],
    ['a Zeppelin of a dog', 'a dog'],
    ['a cat and a zeppelin in the fire', 'a cat in the fire'],
    ['(a cozy lion:1.2), (best quality:1.4)', '(a lion:1.2), (:1.4)'],
    ['a Chef cooking', 'a chef'],
    ['a knight in shining armor playing fire', 'a knight holding fire'],
  ])('of %s leaves %s', (typed, read) => {
    expect(readPrompt(plain, typed).prompt).toBe(read);
  });

  it.each(['a lion on the', 'a red rose of', 'cozy', 'a cozy zeppelin, best quality', ''])(
    'leaves %j as it is',
    (typed) => {
      expect(readPrompt(plain, typed).prompt).toBe(typed);
    },
  );

  it('tells nothing of a deed that is done to nothing', () => {
    expect(readPrompt(plain, 'a dog eating').unknown).toEqual([]);
    expect(readPrompt(plain, 'a dog eating fire').unknown).toEqual([{ word: 'eating', drawn: 'holding' }]);
  });

  it('tells of things alone, and keeps everything where somebody may have taught it', () => {
    expect(readPrompt(plain, 'a cozy zeppelin in the fire').unknown).toEqual([{ word: 'zeppelin', drawn: undefined }]);
    const typed = 'a cozy zeppelin in the fire';
    expect(readPrompt(plain, typed, { keepsUnknown: true })).toEqual({
      prompt: typed,
      unknown: [{ word: 'zeppelin', drawn: undefined }],
    });
  });
});

describe('things beside each other', () => {
  const both = parseWordTable(
    JSON.stringify({
      version: 3,
      things: 'cat\nrobot\nastronaut\ncrown\ntop hat\nmushroom\nking\nboy',
      words: 'wearing\nwith\nand\non\nred',
      near: {},
      silent: 'a\nan\nthe\nmatch\nbetween',
      alike: { 'match between': '', 'chess match': '' },
      met: 'a\nan\nthe\nwith\nand\non\nwearing\nred',
      animals: 'cat',
      roles: 'robot\nastronaut\nking',
      languages: {},
    }),
    'words.json',
  );
  const read = (typed: string) => readPrompt(both, typed);

  it.each([
    ['a cat astronaut', 'an astronaut and a cat', 'cat astronaut', 'astronaut and a cat'],
    ['a robot cat on a mushroom', 'a robot and a cat on a mushroom', 'robot cat', 'robot and a cat'],
  ])('reads %s as two things, and tells it', (typed, prompt, word, drawn) => {
    expect(read(typed)).toEqual({ prompt, unknown: [{ word, drawn }] });
  });

  it.each(['a boy astronaut', 'a cat, an astronaut', 'a robot king'])('leaves %s as it is', (typed) => {
    expect(read(typed)).toEqual({ prompt: typed, unknown: [] });
  });

  it('leaves out a phrase that captions have no words for, and tells it where something is missed', () => {
    expect(read('a match between a cat and a robot')).toEqual({ prompt: 'a cat and a robot', unknown: [] });
    expect(read('a chess match between a cat and a robot')).toEqual({
      prompt: 'a cat and a robot',
      unknown: [{ word: 'chess match', drawn: undefined }],
    });
  });
});

describe('an animal, asked for by its face', () => {
  const faced = (version: number, face?: string) =>
    parseWordTable(
      JSON.stringify({
        version,
        things: 'cat\nrobot\ncrown\nwizard',
        words: 'a\nwearing\nwith\nand\nof\ntwo\ncute\nportrait\nsticker\ncats',
        near: { lynx: 'cat' },
        silent: '',
        met: 'a\nwith\nand\nof\nwearing\ntwo\ncute\nportrait\nsticker',
        animals: 'cat',
        roles: 'wizard',
        ...(face === undefined ? {} : { face }),
        languages: {},
      }),
      'words.json',
    );
  const table = faced(4, 'avatar of');

  it.each([
    ['a cute cat wearing a crown', 'avatar of a cute cat wearing a crown'],
    ['A cat and a robot', 'avatar of A cat and a robot'],
    ['sticker of a cat', 'avatar of sticker of a cat'],
    ['a lynx', 'avatar of a cat'],
    ['a cat wizard', 'a wizard and a cat'],
  ])('reads %s as %s', (typed, prompt) => {
    expect(readPrompt(table, typed).prompt).toBe(prompt);
  });

  it.each(['two cats', 'two cat', 'a portrait of a cat', 'a robot with a cat', 'a crown', 'cute'])(
    'leaves %s as it is',
    (typed) => {
      expect(readPrompt(table, typed).prompt).toBe(typed);
    },
  );

  it('asks for nothing where it is not wanted, or where captions have no words for it', () => {
    expect(readPrompt(table, 'a cat', { addsNothing: true }).prompt).toBe('a cat');
    expect(readPrompt(faced(3), 'a cat').prompt).toBe('a cat');
  });
});

describe('a table of words', () => {
  it.each(['', '{', '{"version":2}', '{"version":1,"things":"dog"}'])('refuses %j by name', (text) => {
    expect(() => parseWordTable(text, '/models/x/words.json')).toThrow(
      'Expected a table of words of version 1 to 4 in /models/x/words.json',
    );
  });
});
