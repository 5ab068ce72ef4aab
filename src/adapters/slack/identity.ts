/** A workspace as the bot knows it: which one, who the bot is there, and the keys that go with it. Pure. */
import type { ServerKey, UserKey } from '../../core/people.ts';

/** A workspace, and who the bot is there. */
export type Identity = {
  readonly team: string;
  readonly teamName: string;
  readonly enterprise: string | undefined;
  /** The token is the organisation's: it reaches other workspaces too. */
  readonly isOrgWide: boolean;
  /** Who installed the app, where it was installed by OAuth. */
  readonly installer?: string;
  readonly botUser: string;
  readonly bot: string;
};

export function serverKey(identity: Identity): ServerKey {
  return `slack:${identity.team}`;
}

export function userKey(identity: Identity, user: string): UserKey {
  return `slack:${identity.team}-${user}`;
}
