/**
 * Who takes part in the next UNet call: a pure choice over rows, as data.
 *
 * Sees ids, sizes and step counts and no tensors, so policies are tried in tests and simulations without a model. Rows
 * may share a call when their `group` is equal (same model, same graph variant, same latent size); styles, timesteps
 * and guidance may differ. Modelled on the scheduler of nano-vllm.
 */

export type SchedulerPolicy = {
  /** UNet rows of one call, of pictures that say no number of their own. A picture that needs more than that still runs, alone. */
  readonly maxRows: number;
  /** Pictures of one decoder call; default 1. */
  readonly maxDecodes?: number;
  /**
   * round-robin: the request that has waited longest since its last call goes first, so that pictures of different
   * requests advance step by step; first-come: the oldest request goes first until it is done.
   */
  readonly order: 'round-robin' | 'first-come';
};

/** A processor gains next to nothing from larger batches, so requests take turns instead. */
export const CPU_POLICY: SchedulerPolicy = { maxRows: 1, order: 'round-robin' };
/** A graphics card is filled up. */
export const GPU_POLICY: SchedulerPolicy = { maxRows: 16, maxDecodes: 4, order: 'round-robin' };

/** One picture that wants a UNet call. */
export type Row = {
  readonly id: number;
  /** Which request it belongs to; requests are numbered as they come. */
  readonly request: number;
  readonly group: string;
  /** UNet rows it takes: 2 when the negative prompt counts, else 1. */
  readonly passes: number;
  readonly stepsLeft: number;
  /** UNet rows of a call that it leads, where that is known of it. */
  readonly mostRows?: number;
  /** Follows somebody's hand, and gives way to others. */
  readonly isLive: boolean;
  /** The number of the last call that any picture of its request took part in; -1 before its first. */
  readonly lastCall: number;
};

/**
 * The rows of the next call, leader first; empty when nobody waits. The order of `rows` does not matter. Live rows take
 * part beside others only where `isLiveEarned` (live-share.ts).
 */
export function nextBatch(rows: readonly Row[], policy: SchedulerPolicy, isLiveEarned = false): readonly Row[] {
  const waiting = rows.filter((row) => row.stepsLeft > 0);
  const others = waiting.filter((row) => !row.isLive);
  const queue = inTurn(isLiveEarned || others.length === 0 ? waiting : others, policy);
  const leader = queue[0];
  if (leader === undefined) {
    return [];
  }
  const batch = [leader];
  let free = (leader.mostRows ?? policy.maxRows) - leader.passes;
  for (const row of queue.slice(1)) {
    if (row.group === leader.group && row.passes <= free) {
      batch.push(row);
      free -= row.passes;
    }
  }
  return batch;
}

/** Requests by turn; within a request its pictures one after another, so that the first is seen early. */
function inTurn(rows: readonly Row[], { order }: SchedulerPolicy): readonly Row[] {
  return rows.toSorted(
    (a, b) => (order === 'round-robin' ? a.lastCall - b.lastCall : 0) || a.request - b.request || a.id - b.id,
  );
}
