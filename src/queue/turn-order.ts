/**
 * Whose turn it is among servers: deficit round-robin, counted in device milliseconds. Every server that waits earns
 * `quantumMs` a round and starts work while it has earned more than it spent; the last start may overdraw the account,
 * and it sits out the rounds that pay for it. So a server with small work gets many turns and one with large work few,
 * both the same time, and who comes fresh begins at once, however large the work (M. Shreedhar, G. Varghese, Efficient
 * Fair Queuing Using Deficit Round-Robin, 1995; in the overdrawing form of H. Adiseshu et al., 1996).
 *
 * The rounds are not walked: with what a server has spent since it joined, the round in which it can pay for its next
 * work is a division away, and the turn is the smallest (round, place in the ring). Two things bend the order, both
 * charged to the account like the rest: urgent classes go first, and whoever was passed over too long gets a turn.
 *
 * Knows no clock (its time is the device's: the cost of what it handed out), no users, and no tickets: only costs.
 */
import { Heap } from './heap.ts';

export type TurnPolicy = {
  readonly quantumMs: number;
  /** Urgent starts in a row after which the least urgent class that waits has one. */
  readonly urgentInARow: number;
  /** Device time given to others after which a class of a server counts as passed over. */
  readonly agingMs: number;
  /** One start in so many may go to the passed over. */
  readonly agingEvery: number;
};

/** The classes of a lane, most urgent first; the last one is the ordinary. */
export const CLASSES = ['live', 'button', 'job'] as const;
const ORDINARY = CLASSES.length - 1;

/** One server that waits: its work by class, in its own order, and its account. */
export type Lane<Item extends { readonly costMs: number }> = {
  readonly items: readonly (readonly Item[])[];
  /** By class: where the next item stands in `items`. */
  readonly at: number[];
  /** By class: the device's time when it last started something, or began to wait. */
  readonly sinceMs: number[];
  /** Place in the ring. */
  readonly position: number;
  /** Earns from the round after this. */
  readonly joinedRound: number;
  spentMs: number;
};

/** What a turn changes besides the lanes. */
export type TurnState = {
  round: number;
  /** Device time handed out so far: the clock of aging. */
  servedMs: number;
  urgentRun: number;
  sinceAged: number;
};

export const FIRST_TURN: Readonly<TurnState> = { round: 1, servedMs: 0, urgentRun: 0, sinceAged: 0 };

type Head<L> = { readonly lane: L; readonly rank: number; readonly version: number };

/** Takes turns over lanes; changes the lanes and the state it is given, so give copies to look ahead. */
export class TurnOrder<Item extends { readonly costMs: number }, L extends Lane<Item>> {
  readonly #policy: TurnPolicy;
  readonly #state: TurnState;
  /** By class; an entry whose version is old is skipped. */
  readonly #heads: readonly Heap<Head<L>>[];
  readonly #passedOver: readonly Heap<Head<L>>[];
  readonly #versions = new Map<L, number>();

  constructor(lanes: readonly L[], state: TurnState, policy: TurnPolicy) {
    this.#policy = policy;
    this.#state = state;
    const byRank = (a: Head<L>, b: Head<L>) => a.rank - b.rank || a.lane.position - b.lane.position;
    const heads = (rank: (lane: L, kind: number) => number) =>
      CLASSES.map(
        (_, kind) =>
          new Heap(
            lanes
              .filter((lane) => nextOf(lane, kind) !== undefined)
              .map((lane) => ({ lane, rank: rank(lane, kind), version: 0 })),
            byRank,
          ),
      );
    this.#heads = heads((lane) => this.#readyRound(lane));
    this.#passedOver = heads((lane, kind) => lane.sinceMs[kind] ?? 0);
  }

  /** The next item and its lane; undefined when nothing waits. */
  take(): { readonly item: Item; readonly lane: L } | undefined {
    const state = this.#state;
    const firsts = this.#heads.map((heap) => this.#firstOf(heap));
    const rounds = firsts.flatMap((head) => (head === undefined ? [] : [head.rank]));
    if (rounds.length === 0) {
      return undefined;
    }
    state.round = Math.max(state.round, Math.min(...rounds));
    const aged = this.#agedTurn();
    state.sinceAged = aged === undefined ? state.sinceAged + 1 : 0;
    const kind = aged?.kind ?? this.#classOfTurn(firsts);
    const lane = aged?.lane ?? firsts[kind]?.lane;
    const item = lane === undefined ? undefined : nextOf<Item>(lane, kind);
    if (lane === undefined || item === undefined) {
      return undefined;
    }
    const isUrgent = firsts.slice(kind + 1).some((head) => head !== undefined);
    state.urgentRun = isUrgent ? state.urgentRun + 1 : 0;
    this.#charge(lane, kind, item.costMs);
    return { item, lane };
  }

  #classOfTurn(firsts: readonly (Head<L> | undefined)[]): number {
    const waiting = firsts.flatMap((head, kind) => (head === undefined ? [] : [kind]));
    const isUrgentOver = this.#state.urgentRun >= this.#policy.urgentInARow;
    return (isUrgentOver ? waiting.at(-1) : waiting[0]) ?? ORDINARY;
  }

  /** The one that waits longest since its last start, if that is too long and such turns are not too many. */
  #agedTurn(): { readonly lane: L; readonly kind: number } | undefined {
    const { agingMs, agingEvery } = this.#policy;
    if (this.#state.sinceAged + 1 < agingEvery) {
      return undefined;
    }
    let oldest: { readonly lane: L; readonly kind: number; readonly sinceMs: number } | undefined;
    for (const [kind, heap] of this.#passedOver.entries()) {
      const head = this.#firstOf(heap);
      if (head !== undefined && head.rank < (oldest?.sinceMs ?? this.#state.servedMs - agingMs)) {
        oldest = { lane: head.lane, kind, sinceMs: head.rank };
      }
    }
    return oldest;
  }

  #charge(lane: L, kind: number, costMs: number): void {
    lane.at[kind] = (lane.at[kind] ?? 0) + 1;
    lane.spentMs += costMs;
    this.#state.servedMs += costMs;
    lane.sinceMs[kind] = this.#state.servedMs;
    const version = (this.#versions.get(lane) ?? 0) + 1;
    this.#versions.set(lane, version);
    for (let k = 0; k < CLASSES.length; k++) {
      if (nextOf(lane, k) !== undefined) {
        this.#heads[k]?.push({ lane, rank: this.#readyRound(lane), version });
        this.#passedOver[k]?.push({ lane, rank: lane.sinceMs[k] ?? 0, version });
      }
    }
  }

  #firstOf(heap: Heap<Head<L>>): Head<L> | undefined {
    for (;;) {
      const head = heap.first;
      if (head === undefined || head.version === (this.#versions.get(head.lane) ?? 0)) {
        return head;
      }
      heap.pop();
    }
  }

  /** The first round in which what was earned exceeds what was spent. */
  #readyRound(lane: L): number {
    return lane.joinedRound + 1 + Math.floor(lane.spentMs / this.#policy.quantumMs);
  }
}

function nextOf<Item extends { readonly costMs: number }>(lane: Lane<Item>, kind: number): Item | undefined {
  return lane.items[kind]?.[lane.at[kind] ?? 0];
}
