/** Slash commands as text: which command, which options, what is still missing. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { COMMAND_ROOTS, plainText, readSlashCommand } from '../../../src/adapters/slack/parse-command.ts';
import { COMMANDS } from '../../../commands/index.ts';
import { UserError } from '../../../src/core/errors.ts';

describe('a slash command', () => {
  it('reaches every command there is', () => {
    for (const spec of COMMANDS) {
      const [root = '', ...rest] = spec.name.split(' ');
      expect(readSlashCommand(`/${root}`, rest.join(' ')).spec.name).toBe(spec.name);
    }
    expect(COMMAND_ROOTS).toEqual(['imagine', 'style', 'settings', 'queue', 'info', 'help', 'mydata']);
  });

  it('reads the options of sub-commands', () => {
    expect(readSlashCommand('/style', 'rename neon --to "neon night"')).toMatchObject({
      spec: { name: 'style rename' },
      options: { name: 'neon', to: 'neon night' },
      isIncomplete: false,
    });
    expect(readSlashCommand('/style', '').spec.name).toBe('style list');
  });

  it('reads a quality', () => {
    expect(readSlashCommand('/imagine', 'a fox --quality fine').options).toEqual({ prompt: 'a fox', quality: 'fine' });
    expect(readSlashCommand('/imagine', 'a fox --transparent').options).toEqual({ prompt: 'a fox', transparent: true });
  });

  it('knows what a form has to ask for', () => {
    const isIncomplete = (command: string, text: string): boolean => readSlashCommand(command, text).isIncomplete;
    expect(isIncomplete('/imagine', '--seed 7')).toBe(true);
    expect(isIncomplete('/imagine', 'a fox')).toBe(false);
    expect(isIncomplete('/style', 'add neon')).toBe(true);
    expect(isIncomplete('/style', 'add neon --url https://example.com/neon.safetensors')).toBe(false);
    expect(isIncomplete('/style', 'default')).toBe(false);
  });

  it('of another name means its first word, so that a taken /imagine is no dead end', () => {
    expect(readSlashCommand('/fourstep', 'imagine a fox').options).toEqual({ prompt: 'a fox' });
    expect(readSlashCommand('/fourstep', 'style show neon').spec.name).toBe('style show');
  });

  it('that does not exist is refused with what there is', () => {
    expect(() => readSlashCommand('/style', 'foo')).toThrow(/There is no \/style foo.*\/style add/s);
    expect(() => readSlashCommand('/fourstep', '')).toThrow(UserError);
  });

  it('keeps what looks like an option but was escaped, through the second reading of prompts', () => {
    const { options } = readSlashCommand('/imagine', 'a \\--neon sign --seed 7');
    expect(options).toEqual({ prompt: 'a \\--neon sign', seed: 7 });
    expect(readSlashCommand('/imagine', 'a \\--neon sign').options).toEqual({ prompt: 'a \\--neon sign' });
  });

  it('is read as it was typed: entities and automatic links are undone', () => {
    expect(plainText('a &lt;fox&gt; &amp; a hen &amp;lt;')).toBe('a <fox> & a hen &lt;');
    expect(plainText('--url <https://example.com/a.safetensors|example.com/a.safetensors>')).toBe(
      '--url https://example.com/a.safetensors',
    );
  });

  it('ends in a command or a sentence for the person, whatever is typed', () => {
    const words = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('--seed', '--style', '"', '--', 'add', '7', '<', '&')),
    );
    fc.assert(
      fc.property(fc.constantFrom(...COMMAND_ROOTS, 'fourstep', ''), words, (command, typed) => {
        let outcome: unknown;
        try {
          outcome = readSlashCommand(`/${command}`, typed.join(' ')).spec;
        } catch (error) {
          outcome = error;
        }
        expect(outcome instanceof UserError || COMMANDS.some((known) => known === outcome)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

it.each(['/imagine', '/style', '/fourstep'])('%s help is help', (command) => {
  expect(readSlashCommand(command, ' Help ')).toMatchObject({
    spec: { name: 'help' },
    options: {},
    isIncomplete: false,
  });
});
