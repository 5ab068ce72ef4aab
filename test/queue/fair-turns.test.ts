/** The fair order behind p-queue's port. */
import { describe, expect, it } from 'vitest';

import { FairOrder } from '../../src/queue/fair-order.ts';
import { FairTurns } from '../../src/queue/fair-turns.ts';
import { ticketOf } from './ticket.ts';

const run = async (): Promise<void> => undefined;

describe('the waiting work of the queue', () => {
  it('comes out in the fair order, not in that of coming, each once', async () => {
    const turns = new FairTurns(new FairOrder(), () => 0);
    const names = new Map<unknown, string>();
    for (const [id, server] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['b1', 'b'],
    ] as const) {
      const own = async (): Promise<void> => run();
      names.set(own, id);
      turns.enqueue(own, { ticket: ticketOf({ id, server }) });
    }
    expect(turns.size).toBe(4);
    const order = Array.from({ length: 5 }, () => names.get(turns.dequeue()) ?? '');
    expect(order.slice(0, 2).toSorted()).toEqual(['a1', 'b1']);
    expect(order.slice(2)).toEqual(['a2', 'a3', '']);
    expect(turns.size).toBe(0);
  });

  it('is gone where it is removed, and none is taken in without its ticket', () => {
    const turns = new FairTurns(new FairOrder(), () => 0);
    turns.enqueue(run, { ticket: ticketOf({ id: 'a1' }) });
    turns.remove('a1');
    expect([turns.dequeue(), turns.filter()]).toEqual([undefined, []]);
    expect(() => turns.enqueue(run)).toThrow('ticket');
  });
});
