import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../commands/check.ts';
import { closest, editDistance } from '../../commands/closest.ts';
import { COMMANDS, findCommand } from '../../commands/index.ts';
import { imagine } from '../../commands/imagine.ts';
import { styleAdd } from '../../commands/style.ts';
import { uploadOf } from '../support/upload.ts';

const upload = (name: string) => uploadOf(name, new Uint8Array(3));

describe('checkOptions', () => {
  it('keeps what the spec knows and drops the rest', () => {
    expect(checkOptions(imagine, { prompt: 'a fox', seed: 0, colour: 'red' })).toEqual({ prompt: 'a fox', seed: 0 });
  });

  it('says the range, what came, and what is used without', () => {
    expect(() => checkOptions(imagine, { prompt: 'a fox', steps: 99 }, { steps: 4 })).toThrow(
      'Steps can be 1 to 8; you asked for 99. Leave it out and 4 are used.',
    );
  });

  it.each([
    [{}, 'This needs prompt.'],
    [{ prompt: '  ' }, 'This needs prompt.'],
    [{ prompt: 'a', seed: -1 }, 'Seed can be 0 to 4294967295; you asked for -1.'],
    [{ prompt: 'a', seed: 1.5 }, 'whole number'],
    [{ prompt: 'a', guidance: Number.NaN }, 'takes a number'],
    [{ prompt: 'a', guidance: 'much' }, '“much”'],
    [{ prompt: 'a'.repeat(2001) }, 'can have 2000 characters; yours has 2001'],
    [{ prompt: 'a', image: 'fox.png' }, 'attached file'],
  ])('refuses %j', (options, sentence) => {
    expect(() => checkOptions(imagine, options)).toThrow(sentence);
  });

  it('takes a file by its ending, in any case', () => {
    const file = upload('Neon.SafeTensors');
    expect(checkOptions(styleAdd, { name: 'neon', file })).toEqual({ name: 'neon', file });
    expect(() => checkOptions(styleAdd, { name: 'neon', file: upload('neon.ckpt') })).toThrow('(.safetensors)');
  });
});

describe('the command specs', () => {
  it('have names of their own, required options first and aliases that lead somewhere', () => {
    expect(new Set(COMMANDS.map((spec) => spec.name)).size).toBe(COMMANDS.length);
    for (const name of COMMANDS.map((spec) => spec.name)) {
      const spec = findCommand(name)!;
      const required = spec.options.map((option) => option.isRequired);
      expect(required.lastIndexOf(true)).toBeLessThan(required.includes(false) ? required.indexOf(false) : Infinity);
    }
    for (const target of Object.values(imagine.aliases)) {
      expect(imagine.options.map((option) => option.name)).toContain(target);
    }
  });
});

describe('closest', () => {
  it.each([
    ['neonn', ['neon', 'noir'], 'neon'],
    ['nean', ['neon', 'noir'], 'neon'],
    ['SETPS', ['steps', 'seed'], 'steps'],
    ['wat', ['watercolour', 'neon'], 'watercolour'],
    ['pottery', ['neon', 'noir'], undefined],
  ])('of %j in %j is %j', (given, names, expected) => {
    expect(closest(given, names)).toBe(expected);
  });

  it('counts a swap of neighbours once', () => {
    expect(editDistance('setps', 'steps')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });
});
