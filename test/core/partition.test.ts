/** Whose a server is where several processes share a store, and what a process takes up of another's. */
import { describe, expect, it } from 'vitest';

import { isServed, isTakenUp, isWhole, parsePartition, partitionName, shardOf } from '../../src/core/partition.ts';

/** Snowflakes whose shard is easily seen: the bits above the 22nd. */
const guild = (shard: number) => `discord:${(BigInt(800 + shard) << 22n) | 5n}` as const;
const part = (text: string) => parsePartition(text) ?? expect.unreachable(text);

describe('a part of the shards', () => {
  it.each([
    ['8', { first: 0, last: 7, of: 8 }],
    ['2/8', { first: 2, last: 2, of: 8 }],
    ['0-3/8', { first: 0, last: 3, of: 8 }],
  ])('%s is read', (text, expected) => {
    expect(parsePartition(text)).toEqual(expected);
    expect(parsePartition(partitionName(part(text)))).toEqual(expected);
  });

  it.each(['', '0', '8/8', '3-2/8', '0-8/8', '-1/8', '1.5', 'two', '1/0'])('%j is none', (text) => {
    expect(parsePartition(text)).toBeUndefined();
  });

  it('that is all of them is no part', () => {
    expect(['1', '8', '0-7/8', '0-6/8', '1-7/8'].map((text) => isWhole(part(text)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

it('a guild’s shard is Discord’s: its id without the lowest 22 bits, modulo their number', () => {
  expect(shardOf('197038439483310086', 16)).toBe(Number(((197038439483310086n / 4194304n) % 16n).toString()));
  expect(shardOf('5', 16)).toBe(0);
});

describe('a server', () => {
  const shards = [0, 1, 2, 3];

  it('is served by the process that has its shard, what is no guild by the one that has shard 0', () => {
    expect(shards.map((shard) => isServed(guild(shard), part('2-3/4')))).toEqual([false, false, true, true]);
    expect(
      ['discord:dm-17', 'slack:T1', 'web:local'].map((server) => isServed(server as 'web:x', part('0-1/4'))),
    ).toEqual([true, true, true]);
    expect(isServed('web:local', part('2-3/4'))).toBe(false);
    expect(isServed(guild(3), undefined)).toBe(true);
  });

  it('has its work taken up by the process that began it, and by no other that runs beside it', () => {
    const [first, second] = [part('0-1/4'), part('2-3/4')];
    for (const server of [...shards.map(guild), 'discord:dm-17', 'web:local'] as const) {
      expect([first, second].map((mine) => isTakenUp('2-3/4', server, mine))).toEqual([false, true]);
    }
  });

  it.each(['0-0/2', undefined, '0-3/4', '0-1/3'])('of %s is taken up by one of those that came after', (owner) => {
    for (const server of [...shards.map(guild), 'discord:dm-17', 'web:local'] as const) {
      const takers = ['0/4', '1/4', '2/4', '3/4'].filter((mine) => isTakenUp(owner, server, part(mine)));
      expect(takers).toHaveLength(1);
    }
    expect(isTakenUp(owner, guild(2), undefined)).toBe(true);
  });
});
