/** What all routes of the page are given: the application they add themselves to, and who asks. */
import type { Context, Hono } from 'hono';

import type { Actor, Locale } from '../../core/people.ts';
import type { TokenSignIn } from './access.ts';
import type { FormReceiver } from './uploads.ts';
import type { Identities } from './identity.ts';
import type { PageLimits } from './limits.ts';
import type { WebPorts } from './ports.ts';
import type { Places } from '../../core/places.ts';
import type { WebChat } from './web-chat.ts';

export type Site = {
  readonly app: Hono;
  readonly chat: WebChat;
  readonly forms: FormReceiver;
  /** Of event streams. */
  readonly seats: Places;
  readonly limits: PageLimits;
  readonly ports: WebPorts;
  readonly identities: Identities;
  readonly operators: TokenSignIn;
  /** Undefined where visitors need no token. */
  readonly visitors: TokenSignIn | undefined;
  readonly actorOf: (context: Context) => Actor;
  /** What went wrong, in words; a fault of ours is logged under the id in them. */
  readonly sentenceOf: (error: unknown, locale: Locale) => string;
  /** Throws `UserError` `page.often` where the address does this more often than it may. */
  readonly countOnce: (context: Context, what: 'request' | 'action' | 'live') => void;
};
