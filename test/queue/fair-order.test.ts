/** The policy alone: no clock, no promises. Costs are device milliseconds. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { FAIR_POLICY, FairOrder, type FairPolicy } from '../../src/queue/fair-order.ts';
import { ticketOf, type TicketShape } from './ticket.ts';

function orderOf(shapes: readonly TicketShape[], policy: Partial<FairPolicy> = {}): FairOrder {
  const order = new FairOrder(policy);
  shapes.forEach((shape) => order.add(ticketOf(shape), 0));
  return order;
}

function takeAll(order: FairOrder, nowMs = 0): string[] {
  const ids: string[] = [];
  for (let ticket = order.take(nowMs); ticket !== undefined; ticket = order.take(nowMs)) {
    ids.push(ticket.id);
  }
  return ids;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, k) => k);
}

describe('turns across servers', () => {
  it('alternates between two servers however much one of them has asked for', () => {
    const order = orderOf([
      ...range(6).map((k) => ({ id: `a${k}`, server: 'a' })),
      { id: 'b0', server: 'b' },
      { id: 'b1', server: 'b' },
    ]);
    expect(takeAll(order)).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'a3', 'a4', 'a5']);
  });

  it('gives equal device time, so that small pictures get more turns than large ones', () => {
    const order = orderOf([
      ...range(50).map((k) => ({ id: `large${k}`, server: 'a', costMs: 1000 })),
      ...range(500).map((k) => ({ id: `small${k}`, server: 'b', costMs: 100 })),
    ]);
    const given = { large: 0, small: 0 };
    for (let k = 0; k < 220; k++) {
      const ticket = order.take(0)!;
      given[ticket.id.startsWith('large') ? 'large' : 'small'] += ticket.costMs;
    }
    // One large picture is the grain of the comparison.
    expect(Math.abs(given.large - given.small)).toBeLessThanOrEqual(1000);
  });

  it('lets a server that comes later in at once, before the backlog of the others', () => {
    const order = orderOf(range(100).map((k) => ({ id: `a${k}`, server: 'a' })));
    range(40).forEach(() => order.take(0));
    order.add(ticketOf({ id: 'b', server: 'b' }), 0);
    expect(order.order().findIndex((ticket) => ticket.id === 'b')).toBeLessThanOrEqual(1);
  });

  it('gives a server nothing extra for leaving and coming back', () => {
    const order = orderOf(range(200).map((k) => ({ id: `a${k}`, server: 'a' })));
    const given = { a: 0, b: 0 };
    for (let k = 0; k < 100; k++) {
      if (given.b === given.a) {
        order.add(ticketOf({ id: `b${k}`, server: 'b' }), 0);
      }
      const ticket = order.take(0)!;
      given[ticket.id.startsWith('a') ? 'a' : 'b']++;
    }
    expect(Math.abs(given.a - given.b)).toBeLessThanOrEqual(2);
  });
});

describe('turns inside a server', () => {
  it('alternates between users', () => {
    const order = orderOf([
      ...range(4).map((k) => ({ id: `ann${k}`, user: 'ann' })),
      { id: 'bob0', user: 'bob' },
      { id: 'bob1', user: 'bob' },
    ]);
    expect(takeAll(order)).toEqual(['ann0', 'bob0', 'ann1', 'bob1', 'ann2', 'ann3']);
  });

  it('puts a user who had much lately behind one who had little, until that has faded', () => {
    const later = (nowMs: number) => {
      const order = orderOf(range(5).map((k) => ({ id: `early${k}`, user: 'heavy' })));
      takeAll(order);
      order.add(ticketOf({ id: 'heavy', user: 'heavy' }), nowMs);
      order.add(ticketOf({ id: 'light', user: 'light' }), nowMs);
      return takeAll(order, nowMs);
    };
    expect(later(1000)).toEqual(['light', 'heavy']);
    // 500 ms of use after 30 half-lives is far below the millisecond at which arrival decides again; sweeping drops it.
    const order = orderOf(range(5).map((k) => ({ id: `early${k}`, user: 'heavy' })));
    takeAll(order);
    order.sweep(30 * 600_000);
    order.add(ticketOf({ id: 'heavy', user: 'heavy' }), 30 * 600_000);
    order.add(ticketOf({ id: 'light', user: 'light' }), 30 * 600_000);
    expect(takeAll(order)).toEqual(['heavy', 'light']);
  });

  it('does not let an endless stream of light users starve a heavy one', () => {
    const order = new FairOrder({ usageCapMs: 1000 });
    range(50).forEach((k) => order.add(ticketOf({ id: `past${k}`, user: 'heavy' }), 0));
    takeAll(order);
    order.add(ticketOf({ id: 'light', user: 'light' }), 0);
    order.add(ticketOf({ id: 'heavy', user: 'heavy' }), 0);
    let turns = 0;
    for (let k = 0; order.take(0)!.id !== 'heavy'; k++) {
      order.add(ticketOf({ id: `light${k}`, user: `light${k}` }), 0);
      turns = k + 1;
      expect(turns).toBeLessThan(1000);
    }
    // Held back by 1,000 ms, which newcomers make up at a quarter of the served time: 4,000 ms, or 40 turns.
    expect(turns).toBeGreaterThan(10);
    expect(turns).toBeLessThanOrEqual(41);
  });

  it("moves a user's later work up when an earlier one is taken back", () => {
    const order = orderOf([
      { id: 'ann0', user: 'ann' },
      { id: 'ann1', user: 'ann' },
      { id: 'bob0', user: 'bob' },
      { id: 'bob1', user: 'bob' },
    ]);
    expect(order.remove('ann0')).toBe(true);
    expect(order.remove('ann0')).toBe(false);
    expect(takeAll(order)).toEqual(['ann1', 'bob0', 'bob1']);
  });
});

describe('urgency', () => {
  it('starts live pictures first, then buttons, then the rest, also across servers', () => {
    const order = orderOf([
      { id: 'job', server: 'a' },
      { id: 'button', server: 'b', priority: 'button' },
      { id: 'live', server: 'c', priority: 'live' },
    ]);
    expect(takeAll(order)).toEqual(['live', 'button', 'job']);
  });

  it('gives ordinary work every fourth turn under an endless stream of presses', () => {
    const order = orderOf(range(10).map((k) => ({ id: `job${k}`, server: 'a' })));
    const ids = range(16).map((k) => {
      for (const more of range(2)) {
        order.add(ticketOf({ id: `but${k}-${more}`, server: 'b', priority: 'button' }), 0);
      }
      return order.take(0)!.id.slice(0, 3);
    });
    expect(ids.filter((kind) => kind === 'job')).toHaveLength(4);
    expect(ids.slice(0, 4)).toEqual(['but', 'but', 'but', 'job']);
  });

  it('charges urgent work to its server, which pays with its later turns', () => {
    const order = orderOf([
      ...range(3).map((k) => ({ id: `live${k}`, server: 'a', user: `u${k}`, priority: 'live' as const })),
      ...range(3).map((k) => ({ id: `a${k}`, server: 'a' })),
      ...range(5).map((k) => ({ id: `b${k}`, server: 'b' })),
    ]);
    const ids = takeAll(order);
    expect(ids.slice(0, 3)).toEqual(['live0', 'live1', 'live2']);
    expect(ids.slice(3)).toEqual(['b0', 'b1', 'b2', 'a0', 'b3', 'a1', 'b4', 'a2']);
  });
});

describe('the share of live work', () => {
  /** Both always wait; every piece takes `really` times what was expected. Milliseconds of the device for each. */
  function given({ liveMs, jobMs, really = 1 }: { liveMs: number; jobMs: number; really?: number }) {
    const order = orderOf([]);
    const took = { live: 0, job: 0 };
    let added = 0;
    const add = (priority: 'live' | 'job') =>
      order.add(ticketOf({ id: `${priority}${added++}`, priority, costMs: priority === 'live' ? liveMs : jobMs }), 0);
    add('live');
    add('job');
    for (let turn = 0; turn < 2000; turn++) {
      const ticket = order.take(0)!;
      const kind = ticket.priority === 'live' ? 'live' : 'job';
      const ms = ticket.costMs * (kind === 'live' ? really : 1);
      took[kind] += ms;
      order.settle(ticket, ms);
      add(kind);
    }
    return took;
  }

  it.each([
    ['small beside large work', { liveMs: 50, jobMs: 800 }],
    ['large beside small work', { liveMs: 2000, jobMs: 100 }],
    ['work that takes three times as long as expected', { liveMs: 100, jobMs: 400, really: 3 }],
  ])('is a quarter of the device while other work waits: %s', (_, shape) => {
    const { live, job } = given(shape);
    const share = live / (live + job);
    expect(share).toBeLessThanOrEqual(0.25 + (FAIR_POLICY.liveBurstMs + 3 * shape.liveMs) / (live + job));
    // Three of 50 ms, then one of 800: urgent starts in a row have a bound of their own.
    expect(share).toBeGreaterThan(0.15);
  });

  it('is all of it while nothing else waits, and costs nothing then', () => {
    const order = orderOf([]);
    for (const k of range(100)) {
      order.add(ticketOf({ id: `live${k}`, priority: 'live', costMs: 500 }), 0);
      const ticket = order.take(0)!;
      order.settle(ticket, 500);
    }
    order.add(ticketOf({ id: 'job' }), 0);
    order.add(ticketOf({ id: 'live', priority: 'live' }), 0);
    expect(takeAll(order)).toEqual(['live', 'job']);
  });

  it('is not granted anew whenever nothing waits for a moment', () => {
    const order = orderOf([]);
    const took = { live: 0, job: 0 };
    for (const k of range(400)) {
      order.add(ticketOf({ id: `live${k}`, priority: 'live', costMs: 400 }), 0);
      order.add(ticketOf({ id: `job${k}`, costMs: 100 }), 0);
      for (let ticket = order.take(0); ticket !== undefined; ticket = order.take(0)) {
        // Beside waiting work alone it counts.
        took[ticket.priority === 'live' ? 'live' : 'job'] +=
          order.size > 0 || ticket.priority === 'job' ? ticket.costMs : 0;
        order.settle(ticket, ticket.costMs);
      }
    }
    expect(took.live / (took.live + took.job)).toBeLessThan(0.28);
  });
});

describe('aging', () => {
  it('starts a large picture within the stated time though a thousand servers keep asking for small ones', () => {
    const policy = { agingMs: 60_000 };
    const large = ['large0', 'large1'].map((id) => ({ id, server: 'large', costMs: 30_000 }));
    const order = orderOf(large, policy);
    range(1000).forEach((k) => order.add(ticketOf({ id: `s${k}-0`, server: `s${k}` }), 0));
    // The first overdraws its server's account by what a thousand others earn in 30,000 s.
    expect(order.take(0)!.id).toBe('large0');
    let servedMs = 0;
    for (;;) {
      const ticket = order.take(0)!;
      if (ticket.id === 'large1') {
        break;
      }
      servedMs += ticket.costMs;
      order.add(ticketOf({ id: `${ticket.id}+`, server: ticket.server.slice(8) }), 0);
      expect(servedMs).toBeLessThan(120_000);
    }
    expect(servedMs).toBeGreaterThanOrEqual(60_000);
  });
});

describe('the order foreseen', () => {
  const shapes = fc.array(
    fc.record({
      server: fc.constantFrom('a', 'b', 'c', 'd'),
      user: fc.constantFrom('u', 'v', 'w'),
      costMs: fc.integer({ min: 1, max: 5000 }),
      priority: fc.constantFrom('live' as const, 'button' as const, 'job' as const),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('is the order in which the turns really come, whatever waits', () => {
    fc.assert(
      fc.property(shapes, fc.nat(30), fc.array(fc.nat(59), { maxLength: 5 }), (list, taken, removed) => {
        const order = orderOf(
          list.map((shape, k) => ({ ...shape, id: `${k}` })),
          { agingMs: 4000 },
        );
        range(taken).forEach(() => order.take(0));
        removed.forEach((k) => order.remove(`${k}`));
        const foreseen = order.order().map((ticket) => ticket.id);
        expect(takeAll(order)).toEqual(foreseen);
        expect(order.size).toBe(0);
      }),
    );
  });

  it('never grows for one who waits while others are served', () => {
    fc.assert(
      fc.property(shapes, (list) => {
        const order = orderOf(
          list.map((shape, k) => ({ ...shape, id: `${k}` })),
          { agingMs: 4000 },
        );
        for (let left = list.length; left > 0; left--) {
          const before = order.order();
          order.take(0);
          expect(order.order()).toEqual(before.slice(1));
        }
      }),
    );
  });
});
