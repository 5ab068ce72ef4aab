/**
 * A Slack workspace of one's own on this machine: Web API, Socket Mode or signed HTTP, people who type and press, the
 * documented limits held and faults on request. Tests point the real client libraries at it; nobody else has to.
 *
 * Real time passes for acknowledgements; everything that takes minutes (response_url, triggers) follows a clock that
 * tests move.
 */
import { Deliveries, type Wire } from './deliveries.ts';
import { Faults } from './faults.ts';
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
    this.#server = new FakeServer(this.state, api, this.faults, this.socket, this.tokens);
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
    const { isAdmin = false, isGuest = false, locale = 'en-US', team = TEAM } = options;
    const person = { id: this.state.id('U'), name, team, isGuest, locale, isAdmin };
    this.state.people.set(person.id, person);
    return new Person({
      person,
      state: this.state,
      deliveries: this.deliveries,
      origin: this.#server.origin,
      home: this.general.id,
    });
  }

  channel(
    name: string,
    options: { readonly kind?: StoredChannel['kind']; readonly hasBot?: boolean } = {},
  ): StoredChannel {
    const { kind = 'public', hasBot = true } = options;
    const channel = { id: this.state.id('C'), name, kind, hasBot };
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

  async stop(): Promise<void> {
    await this.#server.close();
  }
}
