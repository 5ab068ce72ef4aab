/** Names of emoji from prompts: what both chats take, whatever was typed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { emojiName } from '../../src/bot/emoji-name.ts';

describe('an emoji’s name', () => {
  it.each([
    ['a happy cactus', 'happy_cactus'],
    ['Ein Fuchs im Café!', 'ein_fuchs_im_cafe'],
    ['a picture of the dog', 'dog'],
    ['supercalifragilisticexpialidocious cat', 'supercalifragilisticexpialidocio'],
    ['猫', 'fourstep'],
    ['x', 'fourstep'],
    ['', 'fourstep'],
  ])('of "%s" is %s', (prompt, name) => {
    expect(emojiName(prompt)).toBe(name);
  });

  it('is always one that can be used', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (prompt) => {
        expect(emojiName(prompt)).toMatch(/^[a-z0-9_]{2,32}$/);
      }),
    );
  });
});
