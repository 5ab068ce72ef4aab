/** Tickets for tests of the queue: one user a server unless said otherwise. */
import type { Ticket } from '../../src/core/admission.ts';

export type TicketShape = {
  readonly id: string;
  readonly server?: string;
  readonly user?: string;
  readonly costMs?: number;
  readonly priority?: Ticket['priority'];
  readonly canvas?: string;
};

export function ticketOf({
  id,
  server = 'a',
  user = 'u',
  costMs = 100,
  priority = 'job',
  canvas = '',
}: TicketShape): Ticket {
  return { id, server: `discord:${server}`, user: `discord:${user}`, costMs, priority, canvas };
}
