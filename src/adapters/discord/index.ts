/** Discord's public face: the adapter, the registration of commands, and what `fourstep doctor` tells about both. */
import type { Adapter } from '../../core/chat.ts';
import { DiscordAdapter } from './adapter.ts';
import type { DiscordOptions } from './adapter.ts';

export type { DiscordOptions } from './adapter.ts';
export { deployCommands, type Deployment } from './deploy.ts';
export { applicationIdOf, INVITE_PERMISSIONS, inviteLink } from './invite.ts';

export function createDiscordAdapter(options: DiscordOptions): Adapter {
  return new DiscordAdapter(options);
}
