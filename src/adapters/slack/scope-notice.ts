/**
 * Who runs the app in a workspace is told once which scope it lacks, by a direct message: the one who installed it, else an
 * admin. A scope that nobody is to miss is none of it; where the app cannot write to people, the log alone says so.
 */
import type { Log } from '../../bot/index.ts';
import { localeOf, text } from '../../bot/texts/index.ts';
import { isFailure } from '../shared/failure.ts';
import type { SlackClient } from './client.ts';
import type { Identity } from './identity.ts';
import type { Once } from './installations/once.ts';
import { at, isRecord, listAt, textAt } from './json.ts';
import { SCOPES } from './manifest.ts';

export type ScopeNoticeParts = {
  readonly client: SlackClient;
  readonly identity: Identity;
  readonly once: Once;
  readonly log: Log;
};

const ONCE_MS = 90 * 86_400_000;
const MEMBERS = 200;

export class ScopeNotice {
  readonly #parts: ScopeNoticeParts;

  constructor(parts: ScopeNoticeParts) {
    this.#parts = parts;
  }

  /** `needed`: one scope, or some of which one would do. Never throws. */
  async tell(needed: string): Promise<void> {
    const { identity, once, log } = this.#parts;
    const scope = Object.keys(SCOPES).find((name) => needed.split(',').includes(name));
    if (scope === undefined) {
      return;
    }
    try {
      if (await once.isFirst(`scope:${identity.team}:${scope}`, ONCE_MS)) {
        log.warn({ workspace: identity.teamName, scope }, 'Slack: the app lacks a scope there');
        await this.#write(scope, SCOPES[scope as keyof typeof SCOPES]);
      }
    } catch (error) {
      log.warn({ err: error, scope }, 'Slack: no admin could be told which scope is missing');
    }
  }

  async #write(scope: string, purpose: string): Promise<void> {
    const { client } = this.#parts;
    const admin = await this.#admin();
    if (admin === undefined) {
      return;
    }
    const opened = await client.call('conversations.open', { users: admin.id }, { patience: 'brief' });
    const words = text(admin.locale, 'scope.missing', { scope, purpose });
    const message = { channel: textAt(opened, 'channel', 'id') ?? admin.id, text: words };
    await client.call('chat.postMessage', message, { patience: 'brief' });
  }

  async #admin() {
    const { installer } = this.#parts.identity;
    const user = installer === undefined ? await this.#someAdmin() : await this.#userOf(installer);
    const id = textAt(user, 'id') ?? installer;
    return id === undefined ? undefined : { id, locale: localeOf(textAt(user, 'locale')) };
  }

  async #userOf(user: string): Promise<unknown> {
    try {
      return at(
        await this.#parts.client.call('users.info', { user, include_locale: true }, { patience: 'brief' }),
        'user',
      );
    } catch (error) {
      if (!isFailure(error)) {
        throw error;
      }
      return undefined;
    }
  }

  async #someAdmin(): Promise<unknown> {
    const args = { limit: MEMBERS, include_locale: true };
    const listed = await this.#parts.client.call('users.list', args, { patience: 'brief' });
    const people = listAt(listed, 'members').filter((user) => isRecord(user) && user['deleted'] !== true);
    return ['is_primary_owner', 'is_owner', 'is_admin']
      .map((rank) => people.find((user) => at(user, rank) === true && at(user, 'is_bot') !== true))
      .find((user) => user !== undefined);
  }
}
