/**
 * A Slack workspace of one's own on this machine: Web API, Socket Mode or signed HTTP, people who type and press, the
 * documented limits held and faults on request. Tests point the real client libraries at it; nobody else has to.
 *
 * Real time passes for acknowledgements; everything that takes minutes (response_url, triggers) follows a clock that
 * tests move.
 */
import { Deliveries, type Wire } from './deliveries.ts';
import { Faults } from './faults.ts';
import { CLIENT, type Installed, OAuthEnd } from './oauth-end.ts';
import { Person } from './person.ts';
import { type Seen, seen } from './screen.ts';
import { type Call, FakeServer, type Tokens } from './server.ts';
import { SocketEnd } from './socket-end.ts';
import { State, type StoredChannel, TEAM } from './state.ts';
import { type ApiSettings, WebApi } from './web-api.ts';

export type FakeSlackOptions = {
  /** How deliveries reach the app; Socket Mode where nothing is said. */
  readonly wire?: Wire;
};

export type PersonOptions = {
  readonly isAdmin?: boolean;
  readonly isGuest?: boolean;
  readonly locale?: string;
  /** Of another workspace, as in a shared channel. */
  readonly team?: string;
  /** The channel that they are in where none is named. */
  readonly home?: string;
};

const SCOPES = [
  'commands',
  'chat:write',
  'chat:write.public',
  'files:write',
  'files:read',
  'users:read',
  'im:write',
  'usergroups:read',
  'channels:history',
];

export class FakeSlack {
  readonly faults = new Faults();
  readonly state = new State();
  readonly oauth = new OAuthEnd(this.state);
  readonly socket = new SocketEnd(() => {
    this.state.changed();
  });
  readonly settings: ApiSettings = { scopes: new Set(SCOPES), processingMs: 0, shareMs: 20, acceptsFileBlocks: true };
  readonly tokens: Tokens = { bot: 'xoxb-fake', app: 'xapp-fake', fault: undefined };
  readonly deliveries: Deliveries;
  /** The channel in which things happen where none is named. */
  readonly general: StoredChannel;
  readonly #server: FakeServer;

  private constructor(options: FakeSlackOptions) {
    const api = new WebApi(this.state, this.settings);
    this.#server = new FakeServer({
      state: this.state,
      api,
      faults: this.faults,
      socket: this.socket,
      tokens: this.tokens,
      oauth: this.oauth,
    });
    this.deliveries = new Deliveries(this.socket, options.wire ?? { kind: 'socket' });
    this.general = this.channel('general');
  }

  static async start(options: FakeSlackOptions = {}): Promise<FakeSlack> {
    const fake = new FakeSlack(options);
    await fake.#server.open();
    return fake;
  }

  /** What `SLACK_API_URL` is to be. */
  get apiUrl(): string {
    return `${this.#server.origin}/api`;
  }

  /** Every call of the Web API, in order. */
  get calls(): readonly Call[] {
    return this.#server.calls;
  }

  callsOf(method: string): readonly Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  person(name: string, options: PersonOptions = {}): Person {
    const { isAdmin = false, isGuest = false, locale = 'en-US', team = TEAM, home = this.general.id } = options;
    const person = { id: this.state.id('U'), name, team, isGuest, locale, isAdmin };
    this.state.people.set(person.id, person);
    return new Person({
      person,
      state: this.state,
      deliveries: this.deliveries,
      origin: this.#server.origin,
      home,
    });
  }

  channel(
    name: string,
    options: { readonly kind?: StoredChannel['kind']; readonly hasBot?: boolean; readonly team?: string } = {},
  ): StoredChannel {
    const { kind = 'public', hasBot = true, team = TEAM } = options;
    const channel = { id: this.state.id('C'), name, kind, team, hasBot };
    this.state.channels.set(channel.id, channel);
    return channel;
  }

  /** What stands in a channel for everybody. */
  messages(channel: string = this.general.id): readonly Seen[] {
    return this.state.messages
      .in(channel)
      .filter((message) => message.onlyFor === undefined)
      .map((message) => seen(message, this.state));
  }

  /** An admin's browser installs the app from the program's page; what it shows at the end. */
  async install(botUrl: string, installed: Installed, meddle: (url: URL) => void = () => undefined): Promise<Response> {
    const asked = await fetch(`${botUrl}/slack/install`, { redirect: 'manual' });
    const consent = new URL(asked.headers.get('location') ?? '');
    if (consent.searchParams.get('client_id') !== CLIENT.id || consent.pathname !== '/oauth/v2/authorize') {
      throw new Error(`Slack does not know what ${consent.href} asks`);
    }
    const cookie = (asked.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const back = new URL(`${botUrl}/slack/oauth_redirect`);
    back.searchParams.set('code', this.oauth.consent(installed));
    back.searchParams.set('state', consent.searchParams.get('state') ?? '');
    meddle(back);
    return fetch(back, { headers: { cookie } });
  }

  /** The workspace or organisation takes the app away: its tokens end, and the app is told. */
  async uninstall({ team, enterprise }: Pick<Installed, 'team' | 'enterprise'>): Promise<void> {
    this.oauth.revoke((grant) => grant.team === team && (team !== undefined || grant.enterprise === enterprise));
    for (const event of [
      { type: 'tokens_revoked', tokens: { oauth: [], bot: ['U0BOT'] } },
      { type: 'app_uninstalled' },
    ]) {
      await this.deliveries.deliver({
        type: 'events_api',
        body: {
          type: 'event_callback',
          team_id: team ?? enterprise,
          ...(enterprise === undefined ? {} : { enterprise_id: enterprise }),
          event_id: this.state.id('Ev'),
          is_enterprise_install: team === undefined,
          event,
        },
      });
    }
  }

  /** The organisation takes the app out of some of its workspaces. */
  async withdraw(enterprise: string, teams: readonly string[]): Promise<void> {
    const body = {
      type: 'event_callback',
      enterprise_id: enterprise,
      event_id: this.state.id('Ev'),
      is_enterprise_install: true,
      event: { type: 'team_access_revoked', team_ids: teams },
    };
    await this.deliveries.deliver({ type: 'events_api', body });
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }
}
