/** How far a picture that follows the hand is enlarged for the window. */
import { describe, expect, it } from 'vitest';

import { windowScale } from '../../src/bot/live-enlarged.ts';
import { installed, MOJI } from '../support/manifests.ts';

const models = (upscalers: Partial<Record<'2' | '4', string>>) => ({
  list: () => [installed({ ...MOJI, upscalers })],
});
const both = models({ '2': 'x2', '4': 'x4' });
const request = (side: number, count = 1) => ({ model: 'moji', width: side, height: side / 2, count });

describe('the enlargement for the window', () => {
  it.each([
    ['a small picture alone', both, request(128), 4],
    ['a small picture of four', both, request(128, 4), 2],
    ['a middling picture', both, request(256), 2],
    ['a picture as large as a window', both, request(512), undefined],
    ['a model that enlarges twice alone', models({ '2': 'x2' }), request(128), 2],
    ['a model that enlarges nothing', models({}), request(128), undefined],
    ['a model that is gone', both, { ...request(128), model: 'gone' }, undefined],
  ])('of %s', (_, of, asked, scale) => {
    expect(windowScale(of, asked)).toBe(scale);
  });
});
