import { describe, expect, it } from 'vitest';

import { UsualPrivacy } from '../../src/bot/usual-privacy.ts';
import { movedClock } from '../support/moved-clock.ts';

function privacyOf(settings: () => Promise<{ readonly isPrivate?: boolean }>) {
  const { clock, pass } = movedClock();
  const stores = { settings: { of: settings } };
  return { privacy: new UsualPrivacy({ stores, clock } as never), pass };
}

describe('what is usual for a server', () => {
  it('is what its settings say, public where they say nothing', async () => {
    expect(await privacyOf(async () => ({ isPrivate: true })).privacy.of('discord:1')).toBe(true);
    expect(await privacyOf(async () => ({})).privacy.of('discord:1')).toBe(false);
  });

  it('is private where the store is away and nothing was heard, and else what was heard last', async () => {
    let answer = async (): Promise<{ readonly isPrivate?: boolean }> => Promise.reject(new Error('away'));
    const { privacy } = privacyOf(async () => answer());
    expect(await privacy.of('discord:1')).toBe(true);
    answer = async () => ({ isPrivate: false });
    expect(await privacy.of('discord:1')).toBe(false);
    answer = async () => Promise.reject(new Error('away again'));
    expect([await privacy.of('discord:1'), await privacy.of('discord:2')]).toEqual([false, true]);
  });

  it('is waited for no longer than an acknowledgement can wait, and remembered where it comes late', async () => {
    let tell: (settings: { readonly isPrivate?: boolean }) => void = () => undefined;
    const { privacy, pass } = privacyOf(() => new Promise((resolve) => (tell = resolve)));
    const first = privacy.of('discord:1');
    await pass(600);
    expect(await first).toBe(true);
    tell({ isPrivate: false });
    const second = privacy.of('discord:1');
    await pass(600);
    expect(await second).toBe(false);
  });
});
