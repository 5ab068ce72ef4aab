/**
 * The page as a chat: actions in, messages out, like Discord and Slack but with the platform in this process. Knows the
 * bot's port and the page's history; knows no HTTP.
 */
import { createHash, randomUUID } from 'node:crypto';

import { parseCommandLine } from '../../../commands/command-line.ts';
import { findCommand } from '../../../commands/index.ts';
import { text } from '../../bot/texts/index.ts';
import type { Action, Bot, Chat, DeliverOptions, ServerChannel, Suggestion } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Form, Message } from '../../core/message.ts';
import type { Actor, Locale, Place, ServerKey } from '../../core/people.ts';
import type { History, HistoryListener } from './history.ts';
import { LIMITS } from './limits.ts';
import { actionOf, parseOptions, type PageAction } from './parse.ts';
import { renderMessage, type PageMessage } from './render.ts';

/** What the page does next: nothing (answers come by the stream), or show a form. */
export type ActOutcome = { readonly form: Form | null };

export class WebChat implements Chat {
  readonly platform = 'web';
  readonly server: ServerKey = 'web:local';
  /** Resolves once no more deliveries are accepted. */
  readonly stopped: Promise<void>;
  #markStopped: () => void = () => {};
  #isStopped = false;
  readonly #running = new Set<Promise<void>>();
  readonly #history: History;
  readonly #bot: () => Bot;
  readonly #now: () => number;

  constructor(options: { readonly history: History; readonly bot: () => Bot; readonly now: () => number }) {
    this.#history = options.history;
    this.#bot = options.bot;
    this.#now = options.now;
    this.stopped = new Promise((resolve) => {
      this.#markStopped = resolve;
    });
  }

  actor(browser: string, isOperator: boolean, acceptLanguage: string): Actor {
    const locale = localeOf(acceptLanguage);
    return {
      user: `web:${browser}`,
      name: text(locale, isOperator ? 'page.operator' : 'page.you'),
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

  visibleTo(browser: string): readonly PageMessage[] {
    return this.#history.visibleTo(browser);
  }

  listen(listener: HistoryListener): () => void {
    return this.#history.listen(listener);
  }

  /** A file of a message that this browser may see; undefined for any other. */
  async readFile(
    browser: string,
    key: string,
  ): Promise<{ readonly data: Uint8Array; readonly contentType: string } | undefined> {
    const isVisible = this.visibleTo(browser).some((message) =>
      [message.picture, ...message.files].some((file) => file?.url.split('/')[2] === key),
    );
    return isVisible ? this.#history.readFile(key) : undefined;
  }

  suggest(actor: Actor, command: string, option: string, partial: string): Promise<readonly Suggestion[]> {
    return this.#bot().suggest(this.place(actor), actor.user, command, option, partial);
  }

  /** Acknowledges by showing a placeholder, then lets the bot work on; returns before any picture is drawn. */
  async act(
    actor: Actor,
    browser: string,
    pageAction: PageAction,
    files: ReadonlyMap<string, Upload>,
  ): Promise<ActOutcome> {
    if (this.#isStopped) {
      throw new UserError('bot.stopping', 'The bot is restarting; try again in a moment.', { retryAfterMs: 5000 });
    }
    const action = resolveAction(pageAction, files);
    const bot = this.#bot();
    const invocation = { id: randomUUID(), actor, place: this.place(actor), action, receivedAtMs: this.#now() };
    const acknowledgement = bot.acknowledgement(action);
    if (acknowledgement === 'form') {
      return { form: await bot.form(invocation) };
    }
    const pressed = 'message' in pageAction ? this.#pressed(browser, pageAction.message, pageAction.id) : undefined;
    const standing = acknowledgement === 'update' ? pressed : undefined;
    const isPrivate = standing === undefined ? acknowledgement !== 'public' : standing.onlyFor !== null;
    const address: ReplyAddress = {
      platform: 'web',
      data: { message: standing?.id ?? randomUUID(), browser, isPrivate },
    };
    // A "thinking …" that is shown is written down first: a crash in between leaves none that nobody ends.
    await bot.record?.(invocation, address);
    if (standing === undefined) {
      await this.#show(addressOf(address).message, isPrivate ? browser : null, undefined);
    }
    const work = bot.handle(invocation, address);
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
    return { form: null };
  }

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const { message: id, browser, isPrivate } = addressOf(address);
    const standing = this.#history.get(id);
    if (options.mode === 'edit') {
      const onlyFor = isPrivate ? browser : null;
      await this.#show(id, standing === undefined ? onlyFor : standing.onlyFor, message);
      return address;
    }
    const added = createHash('sha256').update(`${id} ${options.key}`).digest('hex').slice(0, 32);
    await this.#show(added, options.mode === 'private' ? browser : null, message);
    if (options.mode === 'private' && standing?.isThinking === true) {
      await this.#history.remove(id);
    }
    return { platform: 'web', data: { message: added, browser, isPrivate: options.mode === 'private' } };
  }

  async remove(address: ReplyAddress): Promise<void> {
    await this.#history.remove(addressOf(address).message);
  }

  async post({ id }: ServerChannel, message: Message, key: string): Promise<void> {
    await this.#show(createHash('sha256').update(`${id} ${key}`).digest('hex').slice(0, 32), null, message);
  }

  /** Accepts nothing more and waits for what is being handled. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled(this.#running);
    this.#markStopped();
    await this.#history.close();
  }

  /** The message that is pressed; undefined where this browser does not see it, or it does not carry what was pressed. */
  #pressed(browser: string, message: string | null, control: string): PageMessage | undefined {
    const standing = message === null ? undefined : this.#history.get(message);
    const isVisible = standing?.onlyFor === null || standing?.onlyFor === browser;
    return isVisible && standing.rows.flat().some(({ id }) => id === control) ? standing : undefined;
  }

  async #show(id: string, onlyFor: string | null, message: Message | undefined): Promise<void> {
    const standing = this.#history.get(id);
    const { stored, ...shown } =
      message === undefined ? { stored: [], lines: [], picture: null, files: [], rows: [] } : renderMessage(message);
    await this.#history.put(
      { id, atMs: standing?.atMs ?? this.#now(), onlyFor, isThinking: message === undefined, ...shown },
      stored,
    );
  }
}

function resolveAction(action: PageAction, files: ReadonlyMap<string, Upload>): Action {
  if (action.kind === 'text') {
    const { spec, options } = parseCommandLine(action.text);
    return { kind: 'command', name: spec.name, options: { ...options, ...Object.fromEntries(files) } };
  }
  if (action.kind === 'command') {
    const spec = findCommand(action.name);
    if (spec === undefined) {
      throw new UserError('command.unknown', `There is no command /${action.name}. Type / to see them all.`, {
        params: { given: action.name },
      });
    }
    return { kind: 'command', name: spec.name, options: parseOptions(spec.options, action.options, files) };
  }
  return actionOf(action);
}

type PageAddress = { readonly message: string; readonly browser: string; readonly isPrivate: boolean };

function addressOf(address: ReplyAddress): PageAddress {
  const { message, browser, isPrivate } = address.data;
  if (typeof message !== 'string' || typeof browser !== 'string') {
    throw new TypeError('expected an address of the page');
  }
  return { message, browser, isPrivate: isPrivate === true };
}

/** The first language of the header that we speak. */
function localeOf(acceptLanguage: string): Locale {
  for (const part of acceptLanguage.split(',')) {
    const language = part.trim().slice(0, 2).toLowerCase();
    if (language === 'de' || language === 'en') {
      return language;
    }
  }
  return 'en';
}
