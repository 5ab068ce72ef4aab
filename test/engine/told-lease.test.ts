import { describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import { told, toldLease } from '../../src/engine/told-lease.ts';

const after = async <T>(ms: number, value: T): Promise<T> => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return value;
};

function lease() {
  const released: string[] = [];
  return { released, value: { value: 'model', release: () => released.push('model') } };
}

describe('work that is waited for', () => {
  it('is said to take long, and ends before whoever turned away goes on', async () => {
    const telling = told(after(60, 'made'), 10);
    expect(await telling.next()).toEqual({ done: false, value: { kind: 'preparing' } });
    expect(await telling.next()).toEqual({ done: true, value: 'made' });

    let isDone = false;
    const work = after(60, 'made').finally(() => (isDone = true));
    const left = told(work, 10);
    await left.next();
    expect(isDone).toBe(false);
    await left.return('made');
    expect(isDone).toBe(true);
  });
});

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
    const telling = toldLease(after(60, value), 10);
    await telling.next();
    expect(released).toEqual([]);
    await telling.return(value);
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
