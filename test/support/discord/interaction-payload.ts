/** INTERACTION_CREATE as the gateway sends it: everything a bot needs to decide arrives with the delivery itself. */
import { bitsOf } from './world.ts';
import type { FakeChannel, FakeUser, Interaction, Permission, World } from './world.ts';

const ORDINARY: readonly Permission[] = ['viewChannel', 'sendMessages', 'attachFiles', 'useCommands'];

export function interactionPayload(
  world: World,
  interaction: Interaction,
  parts: { readonly data: unknown; readonly message?: unknown },
): Record<string, unknown> {
  const { channel, user } = interaction;
  return {
    id: interaction.id,
    application_id: world.application.id,
    type: interaction.type,
    token: interaction.token,
    version: 1,
    data: parts.data,
    ...(parts.message === undefined ? {} : { message: parts.message }),
    channel_id: channel.id,
    channel: channelJson(channel),
    ...whoJson(channel, user),
    locale: user.locale,
    app_permissions: String(bitsOf(channel.botPermissions)),
    attachment_size_limit: user.uploadLimitBytes,
    entitlements: [],
    authorizing_integration_owners: user.isPersonal ? { '1': user.id } : { '0': channel.guild?.id ?? '0' },
    context: channel.guild === undefined ? (user.isPersonal ? 2 : 1) : 0,
  };
}

function whoJson(channel: FakeChannel, user: FakeUser): Record<string, unknown> {
  const person = {
    id: user.id,
    username: user.name,
    global_name: user.name,
    discriminator: '0',
    avatar: null,
    public_flags: 0,
  };
  if (channel.guild === undefined) {
    return { user: person };
  }
  return {
    guild_id: channel.guild.id,
    guild: { id: channel.guild.id, locale: channel.guild.locale, features: [] },
    guild_locale: channel.guild.locale,
    member: {
      user: person,
      nick: null,
      roles: user.roles,
      permissions: String(bitsOf([...ORDINARY, ...user.permissions])),
      joined_at: '2026-01-01T00:00:00.000000+00:00',
      deaf: false,
      mute: false,
      flags: 0,
      avatar: null,
      pending: false,
    },
  };
}

function channelJson(channel: FakeChannel): Record<string, unknown> {
  if (channel.guild === undefined) {
    return { id: channel.id, type: 1, flags: 0 };
  }
  if (channel.parent !== undefined) {
    return {
      id: channel.id,
      type: channel.type ?? 11,
      name: channel.name,
      guild_id: channel.guild.id,
      parent_id: channel.parent.id,
      thread_metadata: { archived: false, auto_archive_duration: 1440, locked: false },
      flags: 0,
      permissions: String(bitsOf(ORDINARY)),
    };
  }
  return {
    id: channel.id,
    type: channel.type ?? 0,
    name: channel.name,
    nsfw: channel.isNsfw,
    guild_id: channel.guild.id,
    parent_id: null,
    position: 0,
    topic: null,
    rate_limit_per_user: 0,
    flags: 0,
    permissions: String(bitsOf(ORDINARY)),
  };
}
