/**
 * The page as a chat: actions in, messages out, like Discord and Slack but with the platform in this process. Knows the
 * bot's port and the page's history; knows no HTTP.
 */
import { randomUUID } from 'node:crypto';

import type { Log } from '../../bot/index.ts';
import { refusal } from '../../bot/refusal.ts';
import { text } from '../../bot/texts/index.ts';
import type { Bot, Chat, DeliverOptions, Invocation, ServerChannel, Suggestion } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import { deferred } from '../../core/deferred.ts';
import { asError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Form, Message } from '../../core/message.ts';
import type { Actor, Place, ServerKey, UserKey } from '../../core/people.ts';
import { EditLock } from '../shared/edit-lock.ts';
import { faultMessage } from '../shared/fault.ts';
import { Intake } from '../shared/intake.ts';
import { addressFrom, addressOf, derivedId } from './address.ts';
import { releasing } from './uploads.ts';
import type { History, HistoryListener } from './history.ts';
import { LIMITS } from './limits.ts';
import { actionOf, localeOf, type PageAction, withPrivacy } from './parse.ts';
import { renderMessage, type PageMessage } from './render.ts';

/** What the page does next: nothing (answers come by the stream), or show a form. */
export type ActOutcome = { readonly form: Form | null };

/** What came beside an action. */
export type Attached = {
  /** The browser's own name for it: the same one twice is one action. */
  readonly event?: string | undefined;
  readonly files: ReadonlyMap<string, Upload>;
  /** Called once nobody reads the files any more. */
  readonly release: () => Promise<void>;
};

const DRAIN_MS = 25_000;

export type WebChatOptions = {
  readonly history: History;
  readonly bot: Bot;
  readonly log: Log;
  readonly now: () => number;
  readonly onAcknowledged?: ((ms: number) => void) | undefined;
};

export class WebChat implements Chat {
  readonly platform = 'web';
  readonly server: ServerKey = 'web:local';
  readonly #stopped = deferred();
  /** Resolves once no more actions are taken in. */
  readonly stopped: Promise<void> = this.#stopped.promise;
  readonly #options: WebChatOptions;
  readonly #history: History;
  readonly #edits = new EditLock();
  readonly #intake: Intake;

  constructor(options: WebChatOptions) {
    this.#options = options;
    this.#history = options.history;
    this.#intake = new Intake({ ...options, monotonicMs: () => performance.now() });
  }

  /** `name`: what they call themselves; '' for who has not said. */
  actor(person: string, name: string, isOperator: boolean, acceptLanguage: string): Actor {
    const locale = localeOf(acceptLanguage);
    const unnamed = isOperator ? text(locale, 'page.operator') : text(locale, 'page.guest', { id: person.slice(0, 4) });
    return {
      user: `web:${person}`,
      name: name === '' ? unnamed : name,
      isAdmin: isOperator,
      isModerator: isOperator,
      locale,
    };
  }

  place(actor: Actor): Place {
    return {
      platform: 'web',
      server: this.server,
      serverName: text(actor.locale, 'page.here'),
      channel: 'page',
      isNsfw: false,
      locale: actor.locale,
      maxUploadBytes: LIMITS.pictureBytes,
    };
  }

  visibleTo(person: string): readonly PageMessage[] {
    return this.#history.visibleTo(person);
  }

  listen(listener: HistoryListener): () => void {
    return this.#history.listen(listener);
  }

  /** A file of a message that this person may see; undefined for any other. */
  async readFile(
    person: string,
    key: string,
  ): Promise<{ readonly data: Uint8Array; readonly contentType: string } | undefined> {
    const isVisible = this.visibleTo(person).some((message) =>
      [message.picture, ...message.files].some((file) => file?.url.split('/')[2] === key),
    );
    return isVisible ? this.#history.readFile(key) : undefined;
  }

  suggest(actor: Actor, command: string, option: string, partial: string): Promise<readonly Suggestion[]> {
    return this.#options.bot.suggest(this.place(actor), actor.user, command, option, partial);
  }

  /** Acknowledges by showing a placeholder, then lets the bot work on; returns before any picture is drawn. */
  async act(actor: Actor, person: string, pageAction: PageAction, attached: Attached): Promise<ActOutcome> {
    if (this.#intake.isStopping) {
      throw refusal('stopping', {}, { retryAfterMs: 5000 });
    }
    const { event, files, release } = attached;
    const id = event === undefined ? randomUUID() : derivedId(person, event);
    const pressed = 'message' in pageAction ? this.#pressed(person, pageAction.message, pageAction.id) : undefined;
    const action = withPrivacy(actionOf(pageAction, files), pressed !== undefined && pressed.onlyFor !== null);
    const bot = this.#options.bot;
    const place = this.place(actor);
    const acknowledgement = await bot.acknowledgement(action, place);
    const told = { id, receivedAtMs: this.#options.now(), acknowledgedAs: acknowledgement };
    const invocation: Invocation = { ...told, actor, place, action };
    if (acknowledgement === 'form') {
      return { form: await releasing(release, async () => bot.form(invocation)) };
    }
    const standing = acknowledgement === 'update' ? pressed : undefined;
    const isPrivate = standing === undefined ? acknowledgement !== 'public' : standing.onlyFor !== null;
    const address = addressFrom({ message: standing?.id ?? derivedId(id, 'answer'), person, isPrivate });
    let fault: unknown;
    await this.#intake.receive({
      id,
      receivedAtMs: performance.now(),
      acknowledgement,
      record: { invocation, address },
      acknowledge: async (unrecorded) => {
        try {
          if (unrecorded !== undefined) {
            throw unrecorded;
          }
          if (standing === undefined) {
            await this.#show(addressOf(address).message, isPrivate ? person : null, undefined);
          }
        } catch (error) {
          fault = error; // the browser is told by the answer to its request
          throw error;
        }
        return { kind: 'done', dispatch: async () => releasing(release, async () => bot.handle(invocation, address)) };
      },
      acknowledgeAgain: release,
      refuse: async (error) => {
        await this.deliver(address, faultMessage(error, actor.locale, this.#options.log), {
          mode: 'private',
          key: 'refused',
          isFinal: true,
        });
      },
    });
    if (fault !== undefined) {
      throw asError(fault);
    }
    return { form: null };
  }

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const { message: id } = addressOf(address);
    const edit = async (): Promise<ReplyAddress> => this.#deliver(address, message, options);
    return options.isFinal ? this.#edits.final(id, edit) : ((await this.#edits.progress(id, edit)) ?? address);
  }

  async #deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const { message: id, person, isPrivate } = addressOf(address);
    const standing = this.#history.get(id);
    if (options.mode === 'edit') {
      const onlyFor = isPrivate ? person : null;
      if (!this.#history.wasRemoved(id)) {
        await this.#show(id, standing === undefined ? onlyFor : standing.onlyFor, message);
      }
      return address;
    }
    const added = derivedId(id, options.key);
    await this.#show(added, options.mode === 'private' ? person : null, message);
    if (options.mode === 'private' && standing?.isThinking === true) {
      await this.#history.remove(id);
    }
    return addressFrom({ message: added, person, isPrivate: options.mode === 'private' });
  }

  async remove(address: ReplyAddress): Promise<void> {
    await this.#history.remove(addressOf(address).message);
  }

  async forget(user: UserKey, addresses: readonly ReplyAddress[]): Promise<void> {
    const person = user.slice('web:'.length);
    const own = this.visibleTo(person).filter(({ onlyFor }) => onlyFor === person);
    const ids = [...own.map(({ id }) => id), ...addresses.map((address) => addressOf(address).message)];
    for (const id of new Set(ids)) {
      await this.#history.remove(id);
    }
  }

  async post({ id }: ServerChannel, message: Message, key: string): Promise<void> {
    await this.#show(derivedId(id, key), null, message);
  }

  /** Accepts nothing more and waits for what is being handled. */
  async stop(): Promise<void> {
    await this.#intake.drain(DRAIN_MS);
    await this.#edits.idle();
    this.#stopped.resolve();
    await this.#history.close();
  }

  /** Takes away what only this person sees; false where there is no such message of theirs. */
  async dismiss(person: string, id: string): Promise<boolean> {
    const isTheirs = this.#history.get(id)?.onlyFor === person;
    if (isTheirs) {
      await this.#history.remove(id);
    }
    return isTheirs;
  }

  /** The message that is pressed; undefined where this person does not see it, or it does not carry what was pressed. */
  #pressed(person: string, message: string | null, control: string): PageMessage | undefined {
    const standing = message === null ? undefined : this.#history.get(message);
    const isVisible = standing?.onlyFor === null || standing?.onlyFor === person;
    return isVisible && standing.rows.flat().some(({ id }) => id === control) ? standing : undefined;
  }

  async #show(id: string, onlyFor: string | null, message: Message | undefined): Promise<void> {
    const standing = this.#history.get(id);
    const { stored, ...shown } =
      message === undefined ? { stored: [], lines: [], picture: null, files: [], rows: [] } : renderMessage(message);
    await this.#history.put(
      { id, atMs: standing?.atMs ?? this.#options.now(), onlyFor, isThinking: message === undefined, ...shown },
      stored,
    );
  }
}
