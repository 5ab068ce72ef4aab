/**
 * The fair order of what waits, as a pure policy: tickets in, whose turn it is out. Across servers it is deficit
 * round-robin in device milliseconds (turn-order.ts); inside a server each user has a line of start tags (start-time
 * fair queueing: a ticket's tag is where the user's earlier work ends), and whoever used much lately starts further
 * back, so light users come first. A server's own time moves on with a share of all that it is given, so newcomers
 * cannot hold a waiting ticket back for ever.
 *
 * Has no clock: the time comes in, and only to let past use fade. Runs nothing and refuses nothing.
 */
import type { Ticket } from '../core/admission.ts';
import { CLASSES, FIRST_TURN, TurnOrder, type ServerAccount, type TurnPolicy, type TurnState } from './turn-order.ts';

export type FairPolicy = TurnPolicy & {
  /** After so long a user's past use counts half. */
  readonly usageHalfLifeMs: number;
  /** Past use beyond this holds a user back no further. */
  readonly usageCapMs: number;
  /** 0 … 1: how much of the time a server is given moves newcomers back, at least. */
  readonly agingShare: number;
};

export const FAIR_POLICY: FairPolicy = {
  quantumMs: 10,
  urgentInARow: 3,
  agingMs: 300_000,
  agingEvery: 4,
  liveShare: 0.25,
  liveBurstMs: 1000,
  usageHalfLifeMs: 600_000,
  usageCapMs: 60_000,
  agingShare: 0.25,
};

type Entry = { readonly ticket: Ticket; readonly costMs: number; readonly arrival: number; tag: number };

type Line = {
  /** Where the user's waiting work ends. */
  endTag: number;
  waiting: number;
};

type Server = ServerAccount<Entry> & {
  readonly key: string;
  /** By class, sorted by tag. */
  readonly items: readonly Entry[][];
  readonly lines: Map<string, Line>;
  /** The server's own time: the start tag that it has come to. */
  timeMs: number;
  waiting: number;
};

type Usage = { readonly ms: number; readonly atMs: number };

export class FairOrder {
  readonly #policy: FairPolicy;
  readonly #entries = new Map<string, Entry>();
  /** Those that wait, and those that still owe for what they had on credit. */
  readonly #servers = new Map<string, Server>();
  /** Past device time by server and user; fades. */
  readonly #usage = new Map<string, Usage>();
  /** What runs: its expected cost, and what it changed for `live` work by that. */
  readonly #begun = new Map<string, { readonly costMs: number; readonly liveMs: number }>();
  #state: TurnState;
  #arrivals = 0;
  #positions = 0;

  constructor(policy: Partial<FairPolicy> = {}) {
    this.#policy = { ...FAIR_POLICY, ...policy };
    this.#state = { ...FIRST_TURN, liveMs: this.#policy.liveBurstMs };
  }

  get size(): number {
    return this.#entries.size;
  }

  add(ticket: Ticket, nowMs: number): void {
    const server = this.#serverOf(ticket.server);
    const line = server.lines.get(ticket.user) ?? { endTag: 0, waiting: 0 };
    server.lines.set(ticket.user, line);
    if (line.waiting === 0) {
      const heldBackMs = Math.min(this.#usageOf(ticket, nowMs), this.#policy.usageCapMs);
      line.endTag = Math.max(line.endTag, server.timeMs + heldBackMs);
    }
    const costMs = Number.isFinite(ticket.costMs) ? Math.max(1, ticket.costMs) : 1;
    const entry: Entry = { ticket, costMs, arrival: this.#arrivals++, tag: line.endTag };
    line.endTag += costMs;
    line.waiting++;
    const kind = CLASSES.indexOf(ticket.priority);
    const items = server.items[kind] ?? [];
    if (items.length === 0) {
      server.sinceMs[kind] = this.#state.servedMs;
    }
    items.push(entry);
    items.sort(byTag);
    server.waiting++;
    this.#entries.set(ticket.id, entry);
  }

  /** Takes a waiting ticket out; what the same user has behind it moves up. False: it does not wait. */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    const server = this.#servers.get(entry?.ticket.server ?? '');
    if (entry === undefined || server === undefined) {
      return false;
    }
    for (const items of server.items) {
      const at = items.indexOf(entry);
      if (at >= 0) {
        items.splice(at, 1);
      }
      for (const later of items) {
        if (later.ticket.user === entry.ticket.user && later.arrival > entry.arrival) {
          later.tag -= entry.costMs;
        }
      }
      items.sort(byTag);
    }
    const line = server.lines.get(entry.ticket.user);
    if (line !== undefined) {
      line.endTag -= entry.costMs;
    }
    this.#leave(server, entry);
    return true;
  }

  /** The ticket whose turn it is leaves the order and is charged. Undefined: nothing waits. */
  take(nowMs: number): Ticket | undefined {
    const turn = new TurnOrder<Entry, Server>(this.#waitingServers(), this.#state, this.#policy).take();
    if (turn === undefined) {
      return undefined;
    }
    const { item: entry, account: server, liveMs } = turn;
    this.#begun.set(entry.ticket.id, { costMs: entry.costMs, liveMs });
    const kind = CLASSES.indexOf(entry.ticket.priority);
    server.items[kind]?.shift();
    server.at[kind] = 0;
    server.timeMs = Math.max(server.timeMs + this.#policy.agingShare * entry.costMs, entry.tag);
    const usedMs = this.#usageOf(entry.ticket, nowMs) + entry.costMs;
    this.#usage.set(usageKey(entry.ticket), { ms: usedMs, atMs: nowMs });
    this.#leave(server, entry);
    return entry.ticket;
  }

  /** What was taken has ended: the share of `live` work is counted in the time that it really took. */
  settle({ id }: Ticket, tookMs: number): void {
    const begun = this.#begun.get(id);
    this.#begun.delete(id);
    if (begun !== undefined) {
      this.#state.liveMs += begun.liveMs * (tookMs / begun.costMs - 1);
    }
  }

  /** All that waits, in the order in which `take` would give it if nothing came or went. */
  order(): readonly Ticket[] {
    const copies = this.#waitingServers().map((server) => ({
      ...server,
      at: [...server.at],
      sinceMs: [...server.sinceMs],
    }));
    const turns = new TurnOrder<Entry, Server>(copies, { ...this.#state }, this.#policy);
    const order: Ticket[] = [];
    for (let turn = turns.take(); turn !== undefined; turn = turns.take()) {
      order.push(turn.item.ticket);
    }
    return order;
  }

  /** Drops what no longer matters: past use that has faded, servers that owe nothing, users who have caught up. */
  sweep(nowMs: number): void {
    for (const [key, usage] of this.#usage) {
      if (this.#faded(usage, nowMs) < 1) {
        this.#usage.delete(key);
      }
    }
    for (const server of this.#servers.values()) {
      if (server.waiting === 0 && !this.#owes(server)) {
        this.#servers.delete(server.key);
      }
      for (const [user, line] of server.lines) {
        if (line.waiting === 0 && line.endTag <= server.timeMs) {
          server.lines.delete(user);
        }
      }
    }
  }

  #waitingServers(): Server[] {
    return [...this.#servers.values()].filter((server) => server.waiting > 0);
  }

  #serverOf(key: string): Server {
    const known = this.#servers.get(key);
    if (known !== undefined && (known.waiting > 0 || this.#owes(known))) {
      return known;
    }
    // A server that owes nothing begins anew, with nothing saved: it joins the ring at its end, in the round that runs.
    const fresh: Server = {
      key,
      items: CLASSES.map(() => []),
      at: CLASSES.map(() => 0),
      sinceMs: CLASSES.map(() => this.#state.servedMs),
      position: this.#positions++,
      joinedRound: this.#state.round - 1,
      spentMs: 0,
      lines: new Map(),
      timeMs: 0,
      waiting: 0,
    };
    this.#servers.set(key, fresh);
    return fresh;
  }

  /** Urgent work may have started on credit; the rounds that others walk meanwhile pay it back. */
  #owes(server: Server): boolean {
    return server.spentMs > (this.#state.round - server.joinedRound) * this.#policy.quantumMs;
  }

  #usageOf(ticket: Ticket, nowMs: number): number {
    const usage = this.#usage.get(usageKey(ticket));
    return usage === undefined ? 0 : this.#faded(usage, nowMs);
  }

  /** A clock that jumps back adds nothing. */
  #faded(usage: Usage, nowMs: number): number {
    return usage.ms * 2 ** (-Math.max(0, nowMs - usage.atMs) / this.#policy.usageHalfLifeMs);
  }

  #leave(server: Server, entry: Entry): void {
    const line = server.lines.get(entry.ticket.user);
    if (line !== undefined) {
      line.waiting--;
    }
    server.waiting--;
    this.#entries.delete(entry.ticket.id);
    if (this.#entries.size === 0) {
      // Nobody waits, so nobody owes and nobody is owed; only past use and the share of live work are remembered.
      this.#servers.clear();
      this.#state = { ...FIRST_TURN, liveMs: this.#state.liveMs };
    }
  }
}

function byTag(a: Entry, b: Entry): number {
  return a.tag - b.tag || a.arrival - b.arrival;
}

function usageKey(ticket: Ticket): string {
  return `${ticket.server} ${ticket.user}`;
}
