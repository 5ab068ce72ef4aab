/** Guilds that come and go, told to the bot as servers. An outage is no departure: the client tells the two apart. */
import type { Bot } from '../../core/chat.ts';
import { shardOf } from '../../core/partition.ts';
import type { ServerKey } from '../../core/people.ts';
import type { GuildsListener } from './gateway.ts';

/** `track` runs what is told, and sees to its failures. */
export function guildsListener(bot: Bot, track: (work: () => Promise<void>) => Promise<void>): GuildsListener {
  return {
    onJoined: (id) => void track(async () => bot.joined?.(`discord:${id}`)),
    onLeft: (id) => void track(async () => bot.left?.(`discord:${id}`)),
    onAll: (ids, shard, shards) => {
      const servers = new Set([...ids].map((id): ServerKey => `discord:${id}`));
      const isOurs = (server: ServerKey): boolean => {
        const id = /^discord:(\d+)$/.exec(server)?.[1];
        return id !== undefined && shardOf(id, shards) === shard;
      };
      void track(async () => bot.present?.('discord', servers, isOurs));
    },
  };
}
