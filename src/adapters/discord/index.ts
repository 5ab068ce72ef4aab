/** Discord's public face: the adapter, the registration of commands, and what `fourstep doctor` tells about both. */
export { createDiscordAdapter, type DiscordOptions } from './adapter.ts';
export { deployCommands } from './deploy.ts';
export { INTERACTIONS_PATH } from './http.ts';
export { checkDiscord } from './check.ts';
export { applicationIdOf, inviteLink, personalLink } from './invite.ts';
