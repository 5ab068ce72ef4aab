/** Which pictures a style is not learnt from, and why. */
import { expect, it } from 'vitest';

import { checkPictures, type GivenPicture, wordsOfName } from '../../src/core/training-pictures.ts';

const SIZE = { width: 128, height: 128 };
const pictures = (count: number, side = 100): readonly GivenPicture[] =>
  Array.from({ length: count }, (_, k) => ({
    name: `${k}.png`,
    width: side,
    height: side,
    digest: `digest ${k}`,
  }));

it('takes five to twenty different ones', () => {
  expect(() => checkPictures(pictures(5), SIZE)).not.toThrow();
  expect(() => checkPictures(pictures(20), SIZE)).not.toThrow();
  expect(() => checkPictures(pictures(4), SIZE)).toThrow(
    'Expected 5 to 20 pictures, got 4; add some of the same kind.',
  );
  expect(() => checkPictures(pictures(21), SIZE)).toThrow('Expected 5 to 20 pictures, got 21');
});

it('refuses small ones and ones that come twice by their names', () => {
  expect(() =>
    checkPictures([...pictures(5), ...pictures(1, 85).map((each) => ({ ...each, name: 'tiny.png' }))], SIZE),
  ).toThrow('Expected pictures of at least 86 pixels a side, got tiny.png of 85 × 85; take a larger one.');
  const [first] = pictures(1);
  expect(() => checkPictures([...pictures(5), { ...first!, name: 'again.png' }], SIZE)).toThrow(
    'Expected different pictures, got 0.png and again.png; leave one out.',
  );
});

it('reads what a picture shows from its name where it says something', () => {
  expect(wordsOfName('red-fox_02')).toBe('red fox');
  expect(wordsOfName('A Cup of Coffee (3)')).toBe('a cup of coffee');
  expect(wordsOfName('IMG_1234')).toBe('');
  expect(wordsOfName('2024-05-01 at 12.33.10')).toBe('');
  expect(wordsOfName('3f9a77c1')).toBe('');
});
