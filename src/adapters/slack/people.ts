/**
 * Who a person is, by Slack's own word: name, language, admin or not. Knows users, no events.
 *
 * Being an admin is remembered for half a minute and asked anew where something is submitted; where Slack does not say,
 * nobody is an admin.
 */
import { localeOf } from '../../bot/texts/index.ts';
import type { Actor, Locale } from '../../core/people.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { isFailure } from '../shared/failure.ts';
import type { SlackClient } from './client.ts';
import { type Identity, userKey } from './identity.ts';
import { at, textAt } from './json.ts';
import type { UserGroups } from './user-groups.ts';

export type Person = { readonly name: string; readonly isAdmin: boolean; readonly locale: Locale };

const FRESH_MS = 30_000;
const REMEMBERED = 5000;

export class People {
  readonly #client: SlackClient;
  readonly #groups: UserGroups;
  readonly #monotonicMs: () => number;
  readonly #known = new BoundedMap<string, { readonly person: Person; readonly atMs: number }>({ maxCost: REMEMBERED });

  constructor(client: SlackClient, groups: UserGroups, monotonicMs: () => number) {
    this.#client = client;
    this.#groups = groups;
    this.#monotonicMs = monotonicMs;
  }

  async actor(identity: Identity, user: string, userName: string, isSubmit: boolean): Promise<Actor> {
    const [person, roles] = await Promise.all([
      this.#person(identity, user, userName, isSubmit),
      this.#groups.of(user),
    ]);
    return {
      user: userKey(identity, user),
      name: person.name,
      isAdmin: person.isAdmin,
      isModerator: person.isAdmin,
      locale: person.locale,
      ...(roles.length === 0 ? {} : { roles }),
    };
  }

  /** The same without asking: no rights where nothing is known or known long ago. */
  remembered(identity: Identity, user: string, userName: string): Actor {
    const known = this.#known.get(user);
    const isFresh = known !== undefined && this.#monotonicMs() - known.atMs < FRESH_MS;
    const isAdmin = isFresh && known.person.isAdmin;
    const { name = userName, locale = 'en' } = known?.person ?? {};
    return { user: userKey(identity, user), name, isAdmin, isModerator: isAdmin, locale };
  }

  async #person(identity: Identity, user: string, userName: string, isSubmit: boolean): Promise<Person> {
    const known = this.#known.get(user);
    if (known !== undefined && !isSubmit && this.#monotonicMs() - known.atMs < FRESH_MS) {
      return known.person;
    }
    try {
      const found = await this.#client.call('users.info', { user, include_locale: true }, { patience: 'brief' });
      const person = personOf(at(found, 'user'), identity, userName);
      this.#known.set(user, { person, atMs: this.#monotonicMs() });
      return person;
    } catch (error) {
      if (!isFailure(error)) {
        throw error;
      }
      return { name: known?.person.name ?? userName, isAdmin: false, locale: known?.person.locale ?? 'en' };
    }
  }
}

/** An admin or owner of this very workspace (or of the organisation it belongs to), and no guest. */
function personOf(user: unknown, identity: Identity, userName: string): Person {
  const holds = (...keys: readonly string[]): boolean => keys.some((key) => at(user, key) === true);
  const team = textAt(user, 'team_id');
  const isOfHere =
    team === undefined ||
    team === identity.team ||
    (identity.enterprise !== undefined && textAt(user, 'enterprise_user', 'enterprise_id') === identity.enterprise);
  const isGuest = holds('is_restricted', 'is_ultra_restricted', 'is_stranger', 'deleted', 'is_bot');
  const isOrganisationAdmin =
    at(user, 'enterprise_user', 'is_admin') === true || at(user, 'enterprise_user', 'is_owner') === true;
  return {
    name:
      textAt(user, 'profile', 'display_name') ??
      textAt(user, 'real_name') ??
      textAt(user, 'profile', 'real_name') ??
      textAt(user, 'name') ??
      userName,
    isAdmin: isOfHere && !isGuest && (holds('is_admin', 'is_owner', 'is_primary_owner') || isOrganisationAdmin),
    locale: localeOf(textAt(user, 'locale')),
  };
}
