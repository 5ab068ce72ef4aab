import { randomBytes } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { Sealing } from '../../../../src/adapters/slack/installations/sealing.ts';

describe('sealing', () => {
  const sealing = new Sealing('a secret of more than thirty-two letters');

  it('gives the words back under their name, and never looks the same twice', () => {
    const sealed = sealing.seal('xoxb-1', 'team:T1');
    expect(sealing.open(sealed, 'team:T1')).toBe('xoxb-1');
    expect(sealing.seal('xoxb-1', 'team:T1')).not.toBe(sealed);
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('xoxb');
  });

  it('opens nothing under another name, with another secret, or with a bit changed', () => {
    const sealed = sealing.seal('xoxb-1', 'team:T1');
    expect(sealing.open(sealed, 'team:T2')).toBeUndefined();
    expect(new Sealing('another secret, also of many letters').open(sealed, 'team:T1')).toBeUndefined();
    const bytes = Buffer.from(sealed, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const broken = Buffer.from(bytes);
      broken[at] = (broken[at] ?? 0) ^ 1;
      expect(sealing.open(broken.toString('base64'), 'team:T1')).toBeUndefined();
    }
    for (const words of ['', 'short', randomBytes(40).toString('base64')]) {
      expect(sealing.open(words, 'team:T1')).toBeUndefined();
    }
  });
});
