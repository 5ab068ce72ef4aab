import { describe, expect, it } from 'vitest';
import { acknowledgementOf } from '../../src/bot/acknowledgement.ts';
import type { Acknowledgement, Action } from '../../src/core/chat.ts';

const cases: readonly (readonly [Action, Acknowledgement])[] = [
  [{ kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }, 'public'],
  [{ kind: 'command', name: 'imagine', options: {} }, 'form'],
  [{ kind: 'command', name: 'imagine', options: { prompt: ' ', seed: 7 } }, 'form'],
  [{ kind: 'command', name: 'settings', options: {} }, 'private'],
  [{ kind: 'command', name: 'style add', options: { name: 'neon' } }, 'private'],
  [{ kind: 'command', name: 'dance', options: {} }, 'private'],
  [{ kind: 'button', id: '1.upscale.abc.0' }, 'public'],
  [{ kind: 'button', id: '1.vary.abc.3' }, 'public'],
  [{ kind: 'button', id: '1.reroll.abc' }, 'public'],
  [{ kind: 'button', id: '1.remix.abc' }, 'form'],
  [{ kind: 'button', id: '1.info.abc' }, 'private'],
  [{ kind: 'button', id: '1.report.abc' }, 'private'],
  [{ kind: 'button', id: '1.delete.abc' }, 'update'],
  [{ kind: 'button', id: '1.cancel.abc' }, 'update'],
  [{ kind: 'button', id: '1.retry.abc' }, 'update'],
  [{ kind: 'button', id: '1.draft.abc.save' }, 'update'],
  [{ kind: 'button', id: '1.panel.nsfw' }, 'update'],
  [{ kind: 'button', id: '1.panel.words' }, 'form'],
  [{ kind: 'button', id: 'garbage' }, 'private'],
  [{ kind: 'select', id: '1.panel.model', values: ['moji'] }, 'update'],
  [{ kind: 'form', id: '1.remix.abc', fields: { prompt: 'a fox' } }, 'public'],
  [{ kind: 'form', id: '1.imagine-form', fields: { prompt: 'a fox' } }, 'public'],
  [{ kind: 'form', id: '1.panel.words', fields: { words: '' } }, 'update'],
  [{ kind: 'message', name: 'upscale', buttonIds: [] }, 'public'],
  [{ kind: 'message', name: 'info', buttonIds: [] }, 'private'],
];

describe('the acknowledgement', () => {
  it.each(cases)('of %j is %s', (action, expected) => {
    expect(acknowledgementOf(action)).toBe(expected);
  });
});
