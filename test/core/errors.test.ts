import { describe, expect, it } from 'vitest';

import { CancelledError, StoppedError, throwIfOver } from '../../src/core/errors.ts';

describe('work that is over', () => {
  it('is cancelled by who asked, stopped by this process, and goes on where neither has happened', () => {
    const [open, over] = [new AbortController().signal, AbortSignal.abort()];
    expect(() => throwIfOver(open, open)).not.toThrow();
    expect(() => throwIfOver(over, over)).toThrow(CancelledError);
    expect(() => throwIfOver(open, over)).toThrow(StoppedError);
  });
});
