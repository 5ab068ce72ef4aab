/** Discord's public face: the adapter, the registration of commands, and what `fourstep doctor` tells about both. */
import type { Adapter } from '../../core/chat.ts';
import { DiscordAdapter } from './adapter.ts';
import type { DiscordOptions } from './adapter.ts';

export type { DiscordOptions } from './adapter.ts';
export { deployCommands } from './deploy.ts';
export { applicationIdOf, inviteLink } from './invite.ts';

export function createDiscordAdapter(options: DiscordOptions): Adapter {
  return new DiscordAdapter(options);
}
