/**
 * Slack's end of OAuth: who has installed the app, with which token, for how long; codes worth one use, refresh tokens
 * worth one use. Knows no HTTP.
 */
import { type Json } from './json.ts';
import { BOT, BOT_USER, type State } from './state.ts';

export const CLIENT = { id: '1.fake', secret: 'a-client-secret' } as const;

/** What was installed where. */
export type Installed = {
  /** Undefined: the whole organisation. */
  readonly team: string | undefined;
  readonly enterprise: string | undefined;
  readonly name: string;
  readonly installer: string;
  /** Tokens live so long and are renewed; undefined: for ever. */
  readonly rotatesAfterMs?: number;
};

export type Grant = Installed & { expiresAtMs: number; fault: string | undefined };

export class OAuthEnd {
  readonly #state: State;
  readonly grants = new Map<string, Grant>();
  readonly #codes = new Map<string, Installed>();
  readonly #refreshes = new Map<string, Installed>();

  constructor(state: State) {
    this.#state = state;
  }

  /** Somebody agrees on Slack's page; the code with which the browser goes back. */
  consent(installed: Installed): string {
    const code = this.#state.id('code');
    this.#codes.set(code, installed);
    return code;
  }

  /** `oauth.v2.access`: a code or a refresh token for a token. */
  access(args: Readonly<Record<string, string>>): Json {
    if (args['client_id'] !== CLIENT.id || args['client_secret'] !== CLIENT.secret) {
      return { ok: false, error: 'bad_client_secret' };
    }
    const isRefresh = args['grant_type'] === 'refresh_token';
    const [from, word] = isRefresh ? [this.#refreshes, args['refresh_token'] ?? ''] : [this.#codes, args['code'] ?? ''];
    const installed = from.get(word);
    from.delete(word);
    if (installed === undefined) {
      return { ok: false, error: isRefresh ? 'invalid_refresh_token' : 'invalid_code' };
    }
    return isRefresh ? this.#granted(installed) : { ...this.#granted(installed), ...about(installed) };
  }

  /** Undefined for a token that Slack does not know. */
  grantOf(token: string): Grant | undefined {
    return this.grants.get(token);
  }

  faultOf({ expiresAtMs, fault }: Grant): string | undefined {
    return fault ?? (expiresAtMs <= this.#state.now() ? 'token_expired' : undefined);
  }

  revoke(isMeant: (grant: Grant) => boolean, fault = 'token_revoked'): void {
    [...this.grants.values()].filter(isMeant).forEach((grant) => {
      grant.fault = fault;
    });
  }

  #granted(installed: Installed): Json {
    const { rotatesAfterMs } = installed;
    const token = `xoxb-${this.#state.id('granted')}`;
    const expiresAtMs = this.#state.now() + (rotatesAfterMs ?? Number.POSITIVE_INFINITY);
    this.grants.set(token, { ...installed, expiresAtMs, fault: undefined });
    const refresh = rotatesAfterMs === undefined ? undefined : `xoxe-1-${this.#state.id('refresh')}`;
    if (refresh !== undefined) {
      this.#refreshes.set(refresh, installed);
    }
    return {
      ok: true,
      access_token: token,
      token_type: 'bot',
      scope: 'commands,chat:write',
      bot_user_id: BOT_USER,
      ...(refresh === undefined ? {} : { refresh_token: refresh, expires_in: (rotatesAfterMs ?? 0) / 1000 }),
    };
  }
}

/** `auth.test` of a granted token. */
export function aboutGrant({ team, enterprise, name }: Grant): Json {
  return {
    ok: true,
    url: 'https://fake.slack.com/',
    team: name,
    // Of an organisation's token Slack names the organisation as the team.
    team_id: team ?? enterprise,
    ...(enterprise === undefined ? {} : { enterprise_id: enterprise }),
    ...(team === undefined ? { is_enterprise_install: true } : {}),
    user: 'fourstep',
    user_id: BOT_USER,
    bot_id: BOT,
  };
}

function about({ team, enterprise, name, installer }: Installed): Json {
  return {
    app_id: 'A0FAKE',
    authed_user: { id: installer },
    team: team === undefined ? null : { id: team, name },
    enterprise: enterprise === undefined ? null : { id: enterprise, name: team === undefined ? name : 'Org' },
    is_enterprise_install: team === undefined,
  };
}
