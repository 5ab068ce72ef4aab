/**
 * discord.js's sharding within this process, that outlives what it lets go of: a shard destroyed while it still connects
 * takes its error listener off the socket, and when the handshake then fails nobody catches that, which ends the whole
 * program (@discordjs/ws 1.2, `WebSocketShard.destroy`).
 */
import { EventEmitter } from 'node:events';

import { SimpleShardingStrategy } from 'discord.js';

export class SurvivingSharding extends SimpleShardingStrategy {
  override async destroy(...options: Parameters<SimpleShardingStrategy['destroy']>): Promise<void> {
    // Neither is told of; without them nothing can be listened to.
    const shards: unknown = Reflect.get(this, 'shards');
    for (const shard of shards instanceof Map ? shards.values() : []) {
      const connection: unknown = Object(shard).connection;
      if (connection instanceof EventEmitter) {
        connection.on('error', () => undefined);
      }
    }
    await super.destroy(...options);
  }
}
