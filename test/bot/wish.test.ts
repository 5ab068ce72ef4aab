/** One wish, one request: what /imagine, the live picture and the command line share. */
import { describe, expect, it } from 'vitest';
import { requestOfPicture } from '../../src/core/request.ts';
import type { Style } from '../../src/core/style.ts';
import { chooseStyles, requestOf } from '../../src/bot/wish.ts';
import { MOJI } from '../support/manifests.ts';

const neon: Style = {
  id: 'neon',
  name: 'Neon',
  model: 'moji',
  file: '/neon.safetensors',
  weight: 0.8,
  trigger: 'neon lights',
  negative: 'daylight',
  description: '',
  sha256: 'aa',
  base: 'today',
  origin: { kind: 'model' },
};
const ink: Style = { ...neon, id: 'ink', name: 'Ink', trigger: 'ink', negative: '', weight: 1 };
const model = { manifest: MOJI, fingerprint: 'today' };
const unknown = (name: string) => new Error(name);

describe('a request', () => {
  it('is drawn in and decoded by what the model says, and remembers it', () => {
    const manifest = { ...MOJI, precision: 'int8', decoder: 'tiny' } as const;
    const request = requestOf({ prompt: 'a fox', seed: 3 }, { manifest });
    expect(request).toMatchObject({ precision: 'int8', decoder: 'tiny' });
    expect(requestOfPicture({ ...request, count: 4 }, 2)).toMatchObject({
      precision: 'int8',
      decoder: 'tiny',
      index: 2,
    });
    expect(requestOf({ prompt: 'a fox', seed: 3, rest: { decoder: 'full' } }, { manifest }).decoder).toBe('full');
  });

  it('has the first style’s words first, all words to keep out, and says what it was made for', () => {
    const styles = [
      { style: neon, share: 0.5 },
      { style: ink, share: 1 },
    ];
    expect(requestOf({ prompt: 'a fox', negative: 'text', styles, seed: 3 }, model)).toMatchObject({
      prompt: 'neon lights, ink, a fox',
      negative: 'text, daylight',
      fingerprint: 'today',
      styles: [
        { id: 'neon', weight: 0.4, sha256: 'aa', base: 'today' },
        { id: 'ink', weight: 1 },
      ],
      guidance: 1.5,
      seed: 3,
    });
  });

  it('for a transparent ground is drawn on a plain one that the words do not name', () => {
    const grounds = { manifest: { ...MOJI, plainGrounds: ['purple', 'green'] } };
    expect(requestOf({ prompt: 'a purple fox on transparent', seed: 3 }, grounds)).toMatchObject({
      prompt: 'a purple fox on green',
      alpha: true,
    });
    expect(requestOf({ prompt: 'a fox', transparent: true, seed: 3 }, grounds).prompt).toBe('a fox on purple');
    expect(requestOf({ prompt: 'a fox', seed: 3 }, grounds)).toMatchObject({ prompt: 'a fox', alpha: false });
  });

  it('takes nothing from a style at no share', () => {
    const bare = requestOf({ prompt: 'a fox', seed: 3 }, model);
    expect(requestOf({ prompt: 'a fox', styles: [{ style: neon, share: 0 }], seed: 3 }, model)).toEqual(bare);
  });

  it('raises guidance for the asker’s words to keep out, not for a style’s, and never against a wish', () => {
    const styles = [{ style: neon, share: 1 }];
    expect(requestOf({ prompt: 'a fox', styles, seed: 3 }, model).guidance).toBe(1);
    expect(requestOf({ prompt: 'a fox', negative: 'text', stepping: { guidance: 1 }, seed: 3 }, model).guidance).toBe(
      1,
    );
  });
});

describe('a style', () => {
  it('is found by id or name, that of the model before its namesake', () => {
    const other: Style = { ...neon, model: 'big' };
    const [found] = chooseStyles([{ name: 'NEON', share: 1 }], [other, neon], model, unknown);
    expect(found?.style).toBe(neon);
    expect(() => chooseStyles([{ name: 'fog', share: 1 }], [neon], model, unknown)).toThrow('fog');
  });

  it('of another model, or made for another state of this one, is refused by name', () => {
    const [elsewhere, before] = [
      { ...neon, model: 'big' },
      { ...neon, base: 'yesterday' },
    ];
    expect(() => chooseStyles([{ name: 'neon', share: 1 }], [elsewhere], model, unknown)).toThrow(
      'The style Neon is for big; this server draws with moji.',
    );
    expect(() => chooseStyles([{ name: 'neon', share: 1 }], [before], model, unknown)).toThrow(
      'The style Neon was made for another version of moji.',
    );
  });
});
