/** A person's picture, from where Slack keeps them. */
import type { Avatar } from '../../core/chat.ts';
import { unless } from '../shared/failure.ts';
import { uploadOf } from '../shared/download.ts';
import type { SlackClient } from './client.ts';
import { type Identity, userKey } from './identity.ts';
import { at, textAt } from './json.ts';

/** Slack's own, and the service that it takes pictures from which nobody uploaded. */
const HOSTS = /(^|\.)(slack-edge\.com|slack\.com|gravatar\.com)$/;

export async function findAvatar(
  client: SlackClient,
  identity: Identity,
  person: string,
  apiUrl: string,
): Promise<Avatar | undefined> {
  const id = /^(?:slack:[^-]+-|<@)?([UW][A-Z0-9]+)(?:\|[^>]*)?>?$/.exec(person)?.[1];
  if (id === undefined) {
    return undefined;
  }
  const found = await unless(['refused', 'gone', 'shut-out'], async () =>
    client.call('users.info', { user: id }, { patience: 'brief' }),
  );
  const profile = at(found, 'user', 'profile');
  const url = textAt(profile, 'image_512') ?? textAt(profile, 'image_192');
  if (url === undefined) {
    return undefined;
  }
  const own = new URL(apiUrl);
  const picture = uploadOf({
    name: 'avatar.png',
    sizeBytes: 0,
    url,
    isAllowed: ({ protocol, hostname }) =>
      (protocol === 'https:' && HOSTS.test(hostname)) ||
      (!own.hostname.endsWith('slack.com') && hostname === own.hostname),
  });
  return { user: userKey(identity, id), picture };
}
