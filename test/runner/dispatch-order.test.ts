import { describe, expect, it } from 'vitest';

import { nextToSend, type Sent } from '../../src/runner/dispatch-order.ts';

const picture = (attempts = 0): Sent => ({ work: { kind: 'imagine' }, attempts });
const style = (attempts = 0): Sent => ({ work: { kind: 'train' }, attempts });

describe('what goes into a child next', () => {
  it('is pictures in their order, up to so many', () => {
    const [first, second] = [picture(), picture()];
    expect(nextToSend([first, second], [], 2)).toBe(first);
    expect(nextToSend([second], [picture(1)], 2)).toBe(second);
    expect(nextToSend([second], [picture(1), picture(1)], 2)).toBeUndefined();
  });

  it('is a picture before a style, and one style at a time, which takes no picture’s place', () => {
    const [drawn, learnt] = [picture(), style()];
    expect(nextToSend([learnt, drawn], [], 1)).toBe(drawn);
    expect(nextToSend([learnt], [picture(1)], 1)).toBe(learnt);
    expect(nextToSend([learnt], [style(1)], 4)).toBeUndefined();
    expect(nextToSend([drawn], [style(1)], 1)).toBe(drawn);
  });

  it('is a picture alone that was in a dying child, whether or not a style is learnt beside it', () => {
    const again = picture(1);
    expect(nextToSend([again], [picture(1)], 4)).toBeUndefined();
    expect(nextToSend([again], [], 4)).toBe(again);
    expect(nextToSend([again], [style(1)], 4)).toBe(again);
    expect(nextToSend([picture()], [picture(2)], 4)).toBeUndefined();
  });

  it('is a style that was in a dying child only after the pictures that were there too', () => {
    const [again, drawn] = [style(1), picture(1)];
    expect(nextToSend([again, drawn], [], 4)).toBe(drawn);
    expect(nextToSend([again, picture(1)], [picture(2)], 4)).toBeUndefined();
    expect(nextToSend([again], [picture(1)], 4)).toBe(again);
    // A style that has crashed keeps no picture waiting.
    const next = picture();
    expect(nextToSend([next], [style(2)], 4)).toBe(next);
  });
});
