import { describe, expect, it } from 'vitest';

import { failureKind, isFailure, RequestFailure, unless } from '../../../src/adapters/shared/failure.ts';

const gone = new RequestFailure('gone', { kind: 'gone' });

describe('a failed request', () => {
  it('is known by its kind, and a mistake of ours is none', () => {
    expect([gone, new TypeError('ours')].map(failureKind)).toEqual(['gone', 'fault']);
    expect([isFailure(gone), isFailure(gone, 'gone', 'late'), isFailure(gone, 'late')]).toEqual([true, true, false]);
    expect(isFailure(new TypeError('ours'))).toBe(false);
  });

  it('asks for no patience and has not arrived, unless it says so', () => {
    expect(gone).toMatchObject({ afterMs: 0, mayHaveArrived: false, code: '', details: [] });
  });

  it('is nothing where its kind was foreseen, and thrown elsewhere', async () => {
    const fail = async () => Promise.reject(gone);
    expect(await unless(['gone'], fail)).toBeUndefined();
    await expect(unless(['late'], fail)).rejects.toBe(gone);
    expect(await unless(['gone'], async () => 7)).toBe(7);
  });
});
