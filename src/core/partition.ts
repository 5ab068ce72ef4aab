/**
 * Several processes on one store: which servers are whose. A server of Discord belongs to its shard, everything else to
 * whoever has shard 0; what was begun by a process is taken up by that one again, or by the servers' owner once the
 * processes are cut differently. Knows no socket and no store.
 */
import type { ServerKey } from './people.ts';

/** Shards `first` to `last` of `of`; all of them is `0` to `of - 1`. */
export type Partition = { readonly first: number; readonly last: number; readonly of: number };

const FORM = /^(?:(\d{1,4})(?:-(\d{1,4}))?\/)?(\d{1,4})$/;

/** `8`: all of eight; `2/8`: the third of them; `0-3/8`: its first half. Undefined for anything else. */
export function parsePartition(text: string): Partition | undefined {
  const [, from, to, all] = FORM.exec(text) ?? [];
  const of = Number(all);
  const first = Number(from ?? 0);
  const last = from === undefined ? of - 1 : Number(to ?? from);
  return of >= 1 && first <= last && last < of ? { first, last, of } : undefined;
}

export function partitionName({ first, last, of }: Partition): string {
  return `${first}-${last}/${of}`;
}

export function isWhole({ first, last, of }: Partition): boolean {
  return first === 0 && last === of - 1;
}

/** Which shard a guild is told to (Discord's gateway reference, "Sharding"). */
export function shardOf(guild: string, shards: number): number {
  return Number((BigInt(guild) >> 22n) % BigInt(Math.max(1, shards)));
}

/** Undefined: one process has everything. */
export function isServed(server: ServerKey, partition: Partition | undefined): boolean {
  if (partition === undefined) {
    return true;
  }
  const guild = /^discord:(\d+)$/.exec(server)?.[1];
  const shard = guild === undefined ? 0 : shardOf(guild, partition.of);
  return partition.first <= shard && shard <= partition.last;
}

/** `owner`: the name of the process that began it; undefined where there was one alone. */
export function isTakenUp(owner: string | undefined, server: ServerKey, partition: Partition | undefined): boolean {
  if (partition === undefined || owner === partitionName(partition)) {
    return true;
  }
  const began = owner === undefined ? undefined : parsePartition(owner);
  const mayStillRun =
    began?.of === partition.of && (began.last < partition.first || partition.last < began.first) && !isWhole(began);
  return !mayStillRun && isServed(server, partition);
}
