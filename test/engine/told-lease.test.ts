import { describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import { toldLease } from '../../src/engine/told-lease.ts';

const after = async <T>(ms: number, value: T): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
};

function lease() {
  const released: string[] = [];
  return { released, value: { value: 'model', release: () => released.push('model') } };
}

describe('a lease that is waited for', () => {
  it('is given without a word where it comes soon', async () => {
    const { value } = lease();
    const telling = toldLease(after(1, value), 1000);
    expect(await telling.next()).toEqual({ done: true, value });
  });

  it('is said to take long, once, where it does', async () => {
    const { value, released } = lease();
    const telling = toldLease(after(60, value), 10);
    expect(await telling.next()).toEqual({ done: false, value: { kind: 'preparing' } });
    expect(await telling.next()).toEqual({ done: true, value });
    expect(released).toEqual([]);
  });

  it('is given back when it comes where nobody waits any more', async () => {
    const { value, released } = lease();
    const leasing = after(60, value);
    const telling = toldLease(leasing, 10);
    await telling.next();
    await telling.return(value);
    expect(released).toEqual([]);
    await leasing;
    await after(1, undefined);
    expect(released).toEqual(['model']);
  });

  it('fails as its opening does, soon or late', async () => {
    const failing = async (ms: number): Promise<never> => {
      await after(ms, undefined);
      throw new UserError('model.unknown', 'Expected a model that is there.');
    };
    await expect(toldLease(failing(1), 1000).next()).rejects.toMatchObject({ code: 'model.unknown' });
    const telling = toldLease(failing(60), 10);
    await telling.next();
    await expect(telling.next()).rejects.toMatchObject({ code: 'model.unknown' });
  });
});
