import { describe, expect, it } from 'vitest';

import { FIRST_TURN, type ServerAccount, TurnOrder, type TurnPolicy } from '../../src/queue/turn-order.ts';

type Item = { readonly costMs: number; readonly name: string };

const POLICY: TurnPolicy = {
  quantumMs: 100,
  urgentInARow: 2,
  agingMs: 1_000_000,
  agingEvery: 1000,
  liveShare: 0.5,
  liveBurstMs: 0,
};

/** An account whose work stands in the classes live, button, job. */
function account(position: number, items: Partial<Record<'live' | 'button' | 'job', readonly Item[]>>) {
  const made: ServerAccount<Item> = {
    items: [items.live ?? [], items.button ?? [], items.job ?? []],
    at: [0, 0, 0],
    sinceMs: [0, 0, 0],
    position,
    joinedRound: 0,
    spentMs: 0,
  };
  return made;
}

const jobs = (name: string, count: number, costMs: number): readonly Item[] =>
  Array.from({ length: count }, () => ({ name, costMs }));

function turns(accounts: readonly ServerAccount<Item>[], policy: Partial<TurnPolicy> = {}): string {
  const order = new TurnOrder<Item, ServerAccount<Item>>(
    accounts,
    { ...FIRST_TURN, liveMs: 0 },
    { ...POLICY, ...policy },
  );
  const names: string[] = [];
  for (let turn = order.take(); turn !== undefined; turn = order.take()) {
    names.push(turn.item.name);
  }
  return names.join('');
}

describe('turns among servers', () => {
  it('give each the same time: small work many turns, large work few', () => {
    const order = turns([account(0, { job: jobs('a', 3, 300) }), account(1, { job: jobs('b', 9, 100) })]);
    expect(order.slice(0, 2)).toBe('ab');
    const whenBIsThrough = order.slice(0, order.lastIndexOf('b') + 1);
    expect(Math.abs(whenBIsThrough.split('a').length - 1 - 3)).toBeLessThanOrEqual(1);
    expect(order).toHaveLength(12);
  });

  it('put what is urgent first, but not for ever', () => {
    const order = turns([account(0, { button: jobs('u', 4, 10), job: jobs('j', 2, 10) })]);
    expect(order).toBe('uujuuj');
  });

  it('give what follows a hand only the share that other work has earned for it', () => {
    expect(turns([account(0, { live: jobs('l', 2, 100), job: jobs('j', 4, 100) })])).toBe('jljljj');
    expect(turns([account(0, { live: jobs('l', 2, 100) })])).toBe('ll');
  });

  it('give one to who was passed over too long', () => {
    const accounts = () => [account(0, { button: jobs('u', 6, 100) }), account(1, { job: jobs('j', 1, 100) })];
    expect(turns(accounts(), { urgentInARow: 100 }).indexOf('j')).toBe(6);
    expect(turns(accounts(), { urgentInARow: 100, agingMs: 150, agingEvery: 2 }).indexOf('j')).toBeLessThan(4);
  });

  it('end where nothing waits', () => {
    expect(turns([])).toBe('');
    expect(turns([account(0, {})])).toBe('');
  });
});
