/**
 * Discord as a chat: interactions come in through the intake, each acknowledged at once as the bot says, and answers go
 * out. Everything about words, jobs and rights is the bot's.
 */
import type { Log } from '../../bot/index.ts';
import { sentences } from '../../bot/present/lines.ts';
import { errorText, text } from '../../bot/texts/index.ts';
import type { Adapter, Avatar, Bot, DeliverOptions, ServerChannel } from '../../core/chat.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import type { Partition } from '../../core/partition.ts';
import type { Role, ServerKey } from '../../core/people.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { faultMessage } from '../shared/fault.ts';
import { type Acknowledged, type InboundEvent, Intake } from '../shared/intake.ts';
import { pause, type Wait, within } from '../shared/retry.ts';
import { encodeAddress } from './address.ts';
import { findAvatar } from './avatar.ts';
import { DiscordClient } from './client.ts';
import { DiscordExpressions } from './expressions.ts';
import { Gateway } from './gateway.ts';
import { guildsListener } from './guilds.ts';
import { applicationIdOf } from './invite.ts';
import { SignedInteractions } from './http.ts';
import { MessageRequests } from './message-requests.ts';
import { type InteractionEvent, parseInteraction } from './parse.ts';
import { deferredAddress, Responder } from './respond.ts';
import { MessageSender } from './send.ts';
import { uploadFrom } from './uploads.ts';

export type DiscordOptions = {
  readonly token: string;
  /** Without the version: `https://discord.com/api`. */
  readonly restUrl: string;
  /** From where attachments may be fetched; nothing else is. */
  readonly cdnUrl: string;
  /** Of the application, in hexadecimal: interactions are then also taken over HTTP, at `/discord/interactions`. */
  readonly publicKey?: string | undefined;
  /** Absent: as many as Discord recommends, all here. */
  readonly shards?: 'auto' | Partition;
  readonly bot: Bot;
  readonly log: Log;
  /** Told once an interaction: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged?: (ms: number, isInTime: boolean) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds that only go forward, whatever the machine's clock is set to. */
  readonly monotonicMs?: () => number;
  readonly wait?: Wait;
  /** How long a final answer is tried in all. */
  readonly patienceMs?: number;
  /** How long `stop` waits for what runs. */
  readonly drainMs?: number;
  readonly silentAfterMs?: number;
  readonly renewAfterMs?: number;
};

type Invoked = Extract<InteractionEvent, { kind: 'invocation' }>;
type Typing = Extract<InteractionEvent, { kind: 'suggest' }>;

/** Of the three seconds: what opens a form or is offered while somebody types has nothing to come after it. */
const FORM_WITHIN_MS = 2000;

export function createDiscordAdapter(options: DiscordOptions): DiscordAdapter {
  return new DiscordAdapter(options);
}

class DiscordAdapter implements Adapter {
  readonly platform = 'discord';
  readonly #options: DiscordOptions;
  readonly #now: () => number;
  readonly #monotonicMs: () => number;
  readonly #drainMs: number;
  readonly #client: DiscordClient;
  readonly #responder: Responder;
  readonly #sender: MessageSender;
  readonly #gateway: Gateway;
  readonly #intake: Intake;
  readonly #http: SignedInteractions | undefined;
  readonly #olderGuilds = new BoundedMap<string, true>({ maxCost: 1000 });
  readonly expressions: DiscordExpressions;

  constructor(options: DiscordOptions) {
    const { now = Date.now, monotonicMs = () => performance.now(), wait = pause, patienceMs = 600_000 } = options;
    this.#options = options;
    this.#now = now;
    this.#monotonicMs = monotonicMs;
    this.#drainMs = options.drainMs ?? 2_000;
    this.#client = new DiscordClient(options);
    this.expressions = new DiscordExpressions(this.#client, applicationIdOf(options.token));
    this.#responder = new Responder({ client: this.#client, monotonicMs, wait });
    const requests = new MessageRequests(this.#client);
    this.#sender = new MessageSender({ requests, log: options.log, now, monotonicMs, wait, patienceMs });
    this.#intake = new Intake({ ...options, monotonicMs });
    const { publicKey } = options;
    const onInteraction = (payload: unknown): void => this.#receive(payload);
    this.#http = publicKey === undefined ? undefined : new SignedInteractions({ publicKey, now, onInteraction });
    this.#gateway = new Gateway({
      token: options.token,
      restUrl: options.restUrl,
      shards: options.shards ?? 'auto',
      log: options.log,
      monotonicMs,
      silentAfterMs: options.silentAfterMs ?? 100_000,
      renewAfterMs: options.renewAfterMs ?? 60_000,
      onInteraction,
      onGuilds: guildsListener(options.bot, async (work) => this.#intake.track(work)),
    });
  }

  /** Takes Discord's requests, for the server to mount; undefined without a public key. */
  get listener(): SignedInteractions['listener'] | undefined {
    return this.#http?.listener;
  }

  async start(): Promise<void> {
    await this.#gateway.connect();
    this.#http?.open();
  }

  /** What came is handed over and its answers are finished, within a limit; answers can still be delivered after. */
  async stop(): Promise<void> {
    this.#http?.close();
    await this.#intake.drain(this.#drainMs);
    await within(this.#drainMs, this.#sender.settled());
    await this.#gateway.close();
    this.#client.close();
  }

  readiness(): { readonly isReady: boolean; readonly detail: string } {
    return this.#intake.isStopping ? { isReady: false, detail: 'Discord: stopping' } : this.#gateway.readiness();
  }

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    return this.#sender.deliver(address, message, options);
  }

  async remove(address: ReplyAddress): Promise<void> {
    await this.#sender.remove(address);
  }

  async post(channel: ServerChannel, message: Message, key: string): Promise<void> {
    await this.#sender.post(channel, message, key);
  }

  async avatar(server: ServerKey, person: string): Promise<Avatar | undefined> {
    return findAvatar(this.#client, { cdnUrl: this.#options.cdnUrl, server, person });
  }

  async roles(server: ServerKey): Promise<readonly Role[]> {
    return this.#gateway.roles(server.slice('discord:'.length)) ?? [];
  }

  #receive(payload: unknown): void {
    const event = parseInteraction(payload, {
      now: this.#now,
      monotonicMs: this.#monotonicMs,
      guildName: (id) => this.#gateway.guildName(id),
      isNsfw: (channel) => this.#gateway.isNsfw(channel),
      upload: (attachment) => uploadFrom(this.#options.cdnUrl, attachment),
      onUnknown: (reason) => this.#options.log.warn({ reason }, 'an interaction of Discord was not understood'),
    });
    this.#noticeOlder(event);
    if (event?.kind === 'suggest') {
      void this.#intake.track(async () => this.#suggest(event), event.token.id);
    } else if (event !== undefined) {
      void this.#intake.track(async () => this.#intake.receive(await this.#inbound(event)), event.token.id);
    }
  }

  /** Commands of a guild's own stand beside those of the application, and everybody sees each of them twice. */
  #noticeOlder(event: InteractionEvent | undefined): void {
    const guild = event?.token.commandGuild;
    if (guild !== undefined && !this.#olderGuilds.has(guild)) {
      this.#olderGuilds.set(guild, true);
      this.#options.log.warn(
        { guild },
        'this guild has commands of its own from before; delete them, they stand twice',
      );
    }
  }

  async #inbound({ invocation: heard, token }: Invoked): Promise<InboundEvent> {
    const { bot } = this.#options;
    const { locale } = heard.actor;
    const acknowledgement = await bot.acknowledgement(heard.action, heard.place);
    const invocation = { ...heard, acknowledgedAs: acknowledgement };
    const say = async (message: Message): Promise<Acknowledged> => ended(await this.#responder.say(token, message));
    const common = {
      id: token.id,
      receivedAtMs: token.receivedAtMs,
      turnAway: async () => void (await say(sentences(text(locale, 'error.stopping')))),
    };
    if (acknowledgement === 'form') {
      return {
        ...common,
        acknowledgement,
        record: undefined,
        acknowledge: async () => this.#showForm({ kind: 'invocation', invocation, token }),
      };
    }
    return {
      ...common,
      acknowledgement,
      record: { invocation, address: encodeAddress(deferredAddress(token, acknowledgement)) },
      acknowledge: async (refusal) => {
        if (refusal !== undefined) {
          return say(sentences(errorText(locale, refusal)));
        }
        const deferred = await this.#responder.defer(token, acknowledgement);
        return deferred.kind === 'done'
          ? { kind: 'done', dispatch: async () => bot.handle(invocation, encodeAddress(deferred.address)) }
          : deferred;
      },
    };
  }

  /** The form, or the private sentence that stands in its place. */
  async #showForm({ invocation, token }: Invoked): Promise<Acknowledged> {
    const { bot, log } = this.#options;
    const { locale } = invocation.actor;
    const form = bot.form(invocation).catch((error: unknown) => faultMessage(error, locale, log));
    const shown = (await within(FORM_WITHIN_MS, form)) ?? sentences(text(locale, 'error.store.away'));
    return ended(
      'fields' in shown ? await this.#responder.showForm(token, shown) : await this.#responder.say(token, shown),
    );
  }

  async #suggest({ place, user, command, option, partial, token }: Typing): Promise<void> {
    const { bot, log } = this.#options;
    const suggestions = bot.suggest(place, user, command, option, partial).catch((error: unknown) => {
      log.error({ err: error, command, option }, 'no suggestions');
      return [];
    });
    await this.#responder.suggest(token, (await within(FORM_WITHIN_MS, suggestions)) ?? []);
  }
}

/** The acknowledgement was the whole answer. */
function ended({ kind }: { readonly kind: Acknowledged['kind'] }): Acknowledged {
  return kind === 'done' ? { kind, dispatch: async () => undefined } : { kind };
}
