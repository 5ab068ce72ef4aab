import { describe, expect, it } from 'vitest';

import { readWritten, wordsAsRead } from '../../src/bot/written-prompt.ts';
import type { Style } from '../../src/core/style.ts';

const ink: Style = {
  id: 'ink',
  name: 'Ink',
  model: 'moji',
  file: '/ink.safetensors',
  weight: 0.5,
  trigger: '',
  negative: '',
  description: '',
  origin: { kind: 'model' },
};
const read = (prompt: string, negative = '') => readWritten({ prompt, negative }, 'weighted', [ink], 'moji');

describe('a prompt of the web UIs', () => {
  it('names an installed style at its own weight, and keeps the tag of one that is not there', () => {
    expect(read('a fox <lora:ink:0.8>, red <lora:other:1>')).toMatchObject({
      prompt: 'a fox, red <lora:other:1>',
      styles: [{ style: ink, share: 1.6 }],
    });
    expect(readWritten({ prompt: '<lora:ink>', negative: '' }, 'weighted', [ink], 'sd15').styles).toEqual([]);
  });

  it.each(['\n', ' '])('pasted with its parameters is read as them', (gap) => {
    const block = [
      'a (fox:1.2), red',
      'Negative prompt: nude, bad hands',
      'Steps: 4, Sampler: LCM, CFG scale: 1.5, Seed: 77, Size: 512x768, Lora hashes: "a: 1, b: 2", Version: 1.10',
    ].join(gap);
    expect(read(block, 'text')).toMatchObject({
      prompt: 'a (fox:1.2), red',
      negative: 'text, nude, bad hands',
      pasted: { seed: 77, steps: 4, guidance: 1.5, size: { width: 512, height: 768 } },
    });
  });

  it('keeps its steps and guidance to itself where they are another sampler’s', () => {
    expect(read('a fox\nNegative prompt: red\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5').pasted).toEqual({
      seed: 5,
      steps: undefined,
      guidance: undefined,
      size: undefined,
    });
  });

  it('is words alone where the server reads plain prompts', () => {
    const prompt = 'a fox <lora:ink:0.8> Negative prompt: red';
    expect(readWritten({ prompt, negative: '' }, 'plain', [ink], 'moji')).toMatchObject({ prompt, styles: [] });
  });

  it('is looked through without its marks', () => {
    expect(wordsAsRead('k(it:1.0)[te]n', 'weighted')).toBe('k(it:1.0)[te]n\nkitten');
    expect(wordsAsRead('a fox', 'weighted')).toBe('a fox');
  });
});
