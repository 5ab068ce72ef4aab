/** "On transparent" in a prompt, and the ground that is drawn instead. */
import { describe, expect, it } from 'vitest';

import { onPlainGround, withoutTransparent } from '../../commands/plain-ground.ts';

describe('a wish for a transparent ground', () => {
  it.each([
    ['a fox on transparent', 'a fox'],
    ['a fox on a transparent background', 'a fox'],
    ['a fox, transparent background', 'a fox'],
    ['a robot with a transparent background', 'a robot'],
    ['ein Fuchs auf transparentem Hintergrund', 'ein Fuchs'],
  ])('is read from "%s"', (typed, prompt) => {
    expect(withoutTransparent(typed)).toEqual({ prompt, isTransparent: true });
  });

  it.each(['a fox', 'a transparent glass of water', 'transparent', 'a transparent umbrella on blue'])(
    'is not read from "%s"',
    (prompt) => {
      expect(withoutTransparent(prompt)).toEqual({ prompt, isTransparent: false });
    },
  );
});

describe('a plain ground', () => {
  it('is the first colour that the words do not name', () => {
    expect(onPlainGround('a fox', ['purple', 'green'])).toBe('a fox on purple');
    expect(onPlainGround('a purple fox', ['purple', 'green'])).toBe('a purple fox on green');
  });

  it('stays what the words say, and is white where the model names none', () => {
    expect(onPlainGround('a fox on blue', ['purple'])).toBe('a fox on blue');
    expect(onPlainGround('a fox with a red background', ['purple'])).toBe('a fox with a red background');
    expect(onPlainGround('a fox', [])).toBe('a fox, plain white background');
  });
});
