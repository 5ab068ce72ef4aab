import { describe, expect, it } from 'vitest';

import { parseAssignment, parseToChild, parseToParent } from '../../src/runner/messages.ts';
import { imagine } from '../support/work.ts';

describe('what a bot and a device’s child say', () => {
  it('is read as it was said', () => {
    const run = { kind: 'run', call: 3, work: imagine() };
    expect(parseToChild(structuredClone(run))).toEqual(run);
    expect(parseToParent({ kind: 'event', call: 3, event: { kind: 'started' } })).toMatchObject({ call: 3 });
  });

  it('is refused by the name of what is off', () => {
    expect(() => parseToChild({ kind: 'cancel', call: -1 })).toThrow(/call/);
    expect(() => parseToParent({ kind: 'sing' })).toThrow(/kind/);
  });

  it('begins with an assignment, which no other version’s argument passes for', () => {
    const given = { factory: 'file:///f.js', options: {}, parentPid: 1, heartbeatMs: 10, parentLimitMs: 100 };
    expect(parseAssignment(JSON.stringify(given))).toEqual(given);
    expect(() => parseAssignment(undefined)).toThrow(SyntaxError);
    expect(() => parseAssignment(JSON.stringify({ ...given, heartbeatMs: 0 }))).toThrow(/heartbeatMs/);
  });
});
