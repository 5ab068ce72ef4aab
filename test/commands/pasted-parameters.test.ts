import { expect, it } from 'vitest';

import { parsePastedParameters } from '../../commands/pasted-parameters.ts';

it('reads the words, the negative and the settings that mean something here, in lines or in one', () => {
  const text =
    'a fox\nNegative prompt: text, blur\nSteps: 20, Sampler: "DPM++, 2M", CFG scale: 7.5, Seed: 5, Size: 512x768';
  const wanted = {
    prompt: 'a fox',
    negative: 'text, blur',
    seed: 5,
    steps: 20,
    guidance: 7.5,
    size: { width: 512, height: 768 },
  };
  expect(parsePastedParameters(text)).toEqual(wanted);
  expect(parsePastedParameters(text.replaceAll('\n', ' '))).toEqual(wanted);
});

it('takes nothing for parameters that is only words, and no seed that nobody could ask for', () => {
  expect(parsePastedParameters('a fox, steps: of stone')).toBeUndefined();
  expect(parsePastedParameters('a fox Steps: 4, Seed: 99999999999')).toMatchObject({ seed: undefined, steps: 4 });
});
