import { expect, it } from 'vitest';

import { takeLoraTags } from '../../commands/lora-tags.ts';

const isKnown = (name: string): boolean => name === 'ink';

it('takes the tags of known styles with their weights out of the words', () => {
  expect(takeLoraTags('a fox <lora:ink:0.8>, at night <lyco: ink >', isKnown)).toEqual({
    text: 'a fox, at night',
    tags: [
      { name: 'ink', weight: 0.8 },
      { name: 'ink', weight: 1 },
    ],
  });
});

it('leaves tags of others, and words without tags, as they are', () => {
  for (const text of ['a  fox <lora:neon:1>', 'a fox < lora', '']) {
    expect(takeLoraTags(text, isKnown)).toEqual({ text, tags: [] });
  }
});
