/** A channel of a workspace as the bot knows places. Pure. */
import type { Locale, Place } from '../../core/people.ts';
import { type Identity, serverKey } from './identity.ts';
import { LIMITS } from './limits.ts';

export function placeOf(identity: Identity, channel: string, locale: Locale): Place {
  return {
    platform: 'slack',
    server: serverKey(identity),
    serverName: identity.teamName,
    channel,
    // Slack marks no channels for adults.
    isNsfw: false,
    locale,
    maxUploadBytes: LIMITS.fileBytes,
  };
}
