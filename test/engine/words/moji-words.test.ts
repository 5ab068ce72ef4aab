/** The table beside moji: its own words are known, and what people ask for first is told where moji cannot draw it. */
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { packageFolder } from '../../../config/paths.ts';
import { readPrompt, readWordTable } from '../../../src/engine/words/index.ts';

const table = await readWordTable(join(packageFolder, 'models/moji/words.json'));
const read = (prompt: string) => readPrompt(table, prompt);

describe('moji’s words', () => {
  it.each([
    'a fox face on blue',
    'a slice of pizza',
    'a green cat face at night',
    'a rocket on the beach',
    'two cute puppies on a white background',
    'an emoji of a sailboat at sunset',
    'three red apples',
  ])('passes %s as it is', (prompt) => {
    expect(read(prompt)).toEqual({ prompt, unknown: [] });
  });

  it.each([
    ['three red apples, highly detailed, 4k', 'three red apples'],
    ['a cozy cabin in the woods', 'a cabin in the woods'],
    ['a knight in shining armor', 'a knight'],
    ['a chef cooking', 'a chef'],
    ['a boy playing guitar', 'a boy beside guitar'],
    ['a dog wearing a hat', 'avatar of a dog wearing a top hat'],
    ['t-rex on the beach', 'avatar of t-rex on the beach'],
    ['people playing soccer', 'a man holding a soccer ball'],
    ['a witch flying on a broom', 'a witch holding a broom'],
    ['a woman in a red dress walking in the rain', 'a woman in a red shirt in the rain'],
    ['a girl wearing an orange hoodie', 'a girl in a orange shirt'], // as captions have it
    ['a red dress', 'a red dress'],
    ['a fire breathing dragon', 'avatar of a dragon'],
    ['a cheeseburger and fries', 'fries and a burger'],
    ['music notes', 'musical note'],
    ['a tropical island', 'a palm tree on the beach'],
    ['masterpiece, best quality, 1girl', 'girl'],
  ])('of %s gives the model %s', (typed, prompt) => {
    expect(read(typed)).toEqual({ prompt, unknown: [] });
  });

  it.each([
    ['a tesla', 'tesla'],
    ['a waterfall', 'waterfall'],
    ['a red stapler', 'stapler'],
    ['a xylophone', 'xylophone'],
  ])('says of %s that it cannot draw it', (prompt, word) => {
    expect(read(prompt).unknown).toContainEqual({ word, drawn: undefined });
  });

  it.each([
    ['a picture of einstein', 'scientist'],
    ['a golden retriever', 'dog'],
    ['a trombone', 'trumpet'],
    ['a stork', 'parrot'],
  ])('draws for %s a %s, and says so', (prompt, drawn) => {
    expect(read(prompt).prompt).toMatch(new RegExp(` ${drawn}$`));
    expect(read(prompt).unknown).toMatchObject([{ drawn }]);
  });

  it.each([
    ['ein roter Fuchs im Schnee', 'avatar of a red fox in the snow'],
    ['drei Katzen auf blauem Hintergrund', 'three cats on blue background'],
    ['un gato azul en la playa', 'avatar of a blue cat on the beach'],
    ['una gata con sombrero', 'avatar of a cat with a top hat'],
    ['une pomme rouge sur fond bleu', 'a red apple on blue background'],
    ['馬に乗った宇宙飛行士', 'astronaut riding horse'],
    ['夜の赤い車', 'red car at night'],
  ])('reads %s', (typed, english) => {
    expect(read(typed).prompt.trim()).toBe(english);
  });
});
