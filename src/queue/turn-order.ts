/**
 * Whose turn it is among servers: deficit round-robin, counted in device milliseconds. Every server that waits earns
 * `quantumMs` a round and starts work while it has earned more than it spent; the last start may overdraw the account,
 * and it sits out the rounds that pay for it. So a server with small work gets many turns and one with large work few,
 * both the same time, and who comes fresh begins at once, however large the work (M. Shreedhar, G. Varghese, Efficient
 * Fair Queuing Using Deficit Round-Robin, 1995; in the overdrawing form of H. Adiseshu et al., 1996).
 *
 * The rounds are not walked: with what a server has spent since it joined, the round in which it can pay for its next
 * work is a division away, and the turn is the smallest (round, place in the ring). Three things bend the order, all
 * charged to the account like the rest: urgent classes go first, what follows a hand only from the share of the device
 * that other work has earned for it, and whoever was passed over too long gets a turn.
 *
 * Knows no clock (its time is the device's: the cost of what it handed out), no users, and no tickets: only costs.
 */
export type TurnPolicy = {
  readonly quantumMs: number;
  /** Urgent starts in a row after which the least urgent class that waits has one. */
  readonly urgentInARow: number;
  /** Device time given to others after which a class of a server counts as passed over. */
  readonly agingMs: number;
  /** One start in so many may go to the passed over. */
  readonly agingEvery: number;
  /** 0 … 1: of the device, for `live` work while other work waits. */
  readonly liveShare: number;
  /** What `live` work has at first, and at most beforehand. */
  readonly liveBurstMs: number;
};

/** The classes of a account, most urgent first; the last one is the ordinary. */
export const CLASSES = ['live', 'button', 'job'] as const;
const LIVE = CLASSES.indexOf('live');
const ORDINARY = CLASSES.length - 1;

/** One server that waits: its work by class, in its own order, and its account. */
export type ServerAccount<Item extends { readonly costMs: number }> = {
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

/** What a turn changes besides the accounts. */
export type TurnState = {
  round: number;
  /** Device time handed out so far: the clock of aging. */
  servedMs: number;
  urgentRun: number;
  sinceAged: number;
  /** What `live` work may have of the device while other work waits. */
  liveMs: number;
};

export const FIRST_TURN: Readonly<Omit<TurnState, 'liveMs'>> = { round: 1, servedMs: 0, urgentRun: 0, sinceAged: 0 };

type Head<L> = { readonly account: L; readonly rank: number };

/** Takes turns over accounts; changes the accounts and the state it is given, so give copies to look ahead. */
export class TurnOrder<Item extends { readonly costMs: number }, L extends ServerAccount<Item>> {
  readonly #policy: TurnPolicy;
  readonly #state: TurnState;
  readonly #accounts: readonly L[];

  constructor(accounts: readonly L[], state: TurnState, policy: TurnPolicy) {
    this.#policy = policy;
    this.#state = state;
    this.#accounts = accounts;
  }

  /** The next item and its account, and what `live` work gained by it or lost; undefined when nothing waits. */
  take(): { readonly item: Item; readonly account: L; readonly liveMs: number } | undefined {
    const state = this.#state;
    const all = CLASSES.map((_, kind) => this.#first(kind, (account) => this.#readyRound(account)));
    const firsts = this.#withinLiveShare(all);
    const rounds = firsts.flatMap((head) => (head === undefined ? [] : [head.rank]));
    if (rounds.length === 0) {
      return undefined;
    }
    state.round = Math.max(state.round, Math.min(...rounds));
    const aged = this.#agedTurn(firsts);
    state.sinceAged = aged === undefined ? state.sinceAged + 1 : 0;
    const kind = aged?.kind ?? this.#classOfTurn(firsts);
    const account = aged?.account ?? firsts[kind]?.account;
    const item = account === undefined ? undefined : nextOf<Item>(account, kind);
    if (account === undefined || item === undefined) {
      return undefined;
    }
    const isUrgent = firsts.slice(kind + 1).some((head) => head !== undefined);
    state.urgentRun = isUrgent ? state.urgentRun + 1 : 0;
    const liveMs = this.#liveChange(all, kind, item.costMs);
    state.liveMs += liveMs;
    this.#charge(account, kind, item.costMs);
    return { item, account, liveMs };
  }

  /** Without what follows a hand where other work waits that has not earned it a turn yet. */
  #withinLiveShare(firsts: readonly (Head<L> | undefined)[]): readonly (Head<L> | undefined)[] {
    const isAlone = firsts.every((head, kind) => head === undefined || kind === LIVE);
    return isAlone || this.#liveCost(firsts) <= this.#state.liveMs
      ? firsts
      : firsts.map((head, kind) => (kind === LIVE ? undefined : head));
  }

  #liveCost(firsts: readonly (Head<L> | undefined)[]): number {
    const account = firsts[LIVE]?.account;
    return (account && nextOf<Item>(account, LIVE)?.costMs) ?? 0;
  }

  /** A start of `live` work beside other work costs what it takes, and alone nothing; other work earns it a share. */
  #liveChange(firsts: readonly (Head<L> | undefined)[], kind: number, costMs: number): number {
    if (kind === LIVE) {
      return firsts.some((head, other) => head !== undefined && other !== LIVE) ? -costMs : 0;
    }
    const { liveShare, liveBurstMs } = this.#policy;
    const earnedMs = (costMs * liveShare) / (1 - liveShare);
    // What nobody used is not saved up, but one piece of work can always be earned.
    const mostMs = Math.max(liveBurstMs, earnedMs, this.#liveCost(firsts));
    return Math.max(0, Math.min(earnedMs, mostMs - this.#state.liveMs));
  }

  #classOfTurn(firsts: readonly (Head<L> | undefined)[]): number {
    const waiting = firsts.flatMap((head, kind) => (head === undefined ? [] : [kind]));
    const isUrgentOver = this.#state.urgentRun >= this.#policy.urgentInARow;
    return (isUrgentOver ? waiting.at(-1) : waiting[0]) ?? ORDINARY;
  }

  /** The one that waits longest since its last start, if that is too long and such turns are not too many. */
  #agedTurn(firsts: readonly (Head<L> | undefined)[]): { readonly account: L; readonly kind: number } | undefined {
    const { agingMs, agingEvery } = this.#policy;
    if (this.#state.sinceAged + 1 < agingEvery) {
      return undefined;
    }
    let oldest: { readonly account: L; readonly kind: number; readonly sinceMs: number } | undefined;
    for (const kind of CLASSES.keys()) {
      const head = firsts[kind] && this.#first(kind, (account) => account.sinceMs[kind] ?? 0);
      if (head !== undefined && head.rank < (oldest?.sinceMs ?? this.#state.servedMs - agingMs)) {
        oldest = { account: head.account, kind, sinceMs: head.rank };
      }
    }
    return oldest;
  }

  #charge(account: L, kind: number, costMs: number): void {
    account.at[kind] = (account.at[kind] ?? 0) + 1;
    account.spentMs += costMs;
    this.#state.servedMs += costMs;
    account.sinceMs[kind] = this.#state.servedMs;
  }

  /** The account of the least rank among those where something of the class waits; of equals the first in the ring. */
  #first(kind: number, rankOf: (account: L) => number): Head<L> | undefined {
    let first: Head<L> | undefined;
    for (const account of this.#accounts) {
      if (nextOf(account, kind) === undefined) {
        continue;
      }
      const rank = rankOf(account);
      if (
        first === undefined ||
        rank < first.rank ||
        (rank === first.rank && account.position < first.account.position)
      ) {
        first = { account, rank };
      }
    }
    return first;
  }

  /** The first round in which what was earned exceeds what was spent. */
  #readyRound(account: L): number {
    return account.joinedRound + 1 + Math.floor(account.spentMs / this.#policy.quantumMs);
  }
}

function nextOf<Item extends { readonly costMs: number }>(
  account: ServerAccount<Item>,
  kind: number,
): Item | undefined {
  return account.items[kind]?.[account.at[kind] ?? 0];
}
