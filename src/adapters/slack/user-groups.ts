/**
 * The workspace's user groups and who is in them: asked for all at once, remembered for five minutes. A token without the
 * scope knows of none.
 */
import type { Role } from '../../core/people.ts';
import { isFailure } from '../shared/failure.ts';
import type { SlackClient } from './client.ts';
import type { Identity } from './identity.ts';
import { listAt, textAt } from './json.ts';

const FRESH_MS = 5 * 60_000;

type Group = Role & { readonly users: ReadonlySet<string> };

export class UserGroups {
  readonly #client: SlackClient;
  readonly #ofTeam: Readonly<Record<string, string>>;
  readonly #monotonicMs: () => number;
  #known: { readonly groups: Promise<readonly Group[]>; readonly atMs: number } | undefined;

  constructor(client: SlackClient, { team, isOrgWide }: Identity, monotonicMs: () => number) {
    this.#client = client;
    // An organisation's token has to say of which workspace.
    this.#ofTeam = isOrgWide ? { team_id: team } : {};
    this.#monotonicMs = monotonicMs;
  }

  async list(): Promise<readonly Role[]> {
    return (await this.#groups()).map(({ id, name }) => ({ id, name }));
  }

  /** Ids of the groups that a person is in. */
  async of(user: string): Promise<readonly string[]> {
    return (await this.#groups()).filter(({ users }) => users.has(user)).map(({ id }) => id);
  }

  #groups(): Promise<readonly Group[]> {
    const nowMs = this.#monotonicMs();
    if (this.#known === undefined || nowMs - this.#known.atMs > FRESH_MS) {
      this.#known = { groups: this.#ask(), atMs: nowMs };
    }
    return this.#known.groups;
  }

  async #ask(): Promise<readonly Group[]> {
    try {
      const found = await this.#client.call(
        'usergroups.list',
        { include_users: true, ...this.#ofTeam },
        { patience: 'quick' },
      );
      return listAt(found, 'usergroups').flatMap((group) => {
        const id = textAt(group, 'id');
        const users = listAt(group, 'users').filter((user) => typeof user === 'string');
        return id === undefined ? [] : [{ id, name: textAt(group, 'handle') ?? id, users: new Set(users) }];
      });
    } catch (error) {
      if (!isFailure(error)) {
        throw error;
      }
      if (error.kind === 'passing') {
        this.#known = undefined;
      }
      return [];
    }
  }
}
