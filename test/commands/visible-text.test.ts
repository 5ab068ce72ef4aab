/** What nobody sees goes; what joins emoji and letters stays. */
import { describe, expect, it } from 'vitest';

import { visibleText } from '../../commands/visible-text.ts';

describe('the visible text', () => {
  it.each([
    ['kit\u00ADten kit\u200Bten kit\u2060ten', 'kitten kitten kitten'],
    ['\u202Enettik\u202C \u2066x\u2069', 'nettik x'],
    ['a\u00A0fox\u2003at\u3000night', 'a fox at night'],
    ['a fox\non blue', 'a fox\non blue'],
    ['\u200B\uFEFF\u00AD', ''],
    [' \u3164\u2800 ', ''],
    ['\u0301\u0302', ''],
    ['👩\u200D👩\u200D👧 👍🏽 🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}', undefined],
    ['क्\u200Dष نمی\u200Cخواهم 한국어 Grüße', undefined],
    ['k\u200Di\u200Ct', 'kit'],
    ['x\u{E0041}y', 'xy'],
  ])('of %j', (typed, seen) => {
    expect(visibleText(typed)).toBe(seen ?? typed);
  });
});
