/**
 * The first sign after the acknowledgement: a line that the answer replaces, a form, or a refusal that only the person
 * sees. Knows messages of one line; nothing of jobs.
 */
import type { Log } from '../../bot/index.ts';
import { message } from '../../bot/present/lines.ts';
import { refusal } from '../../bot/refusal.ts';
import { text } from '../../bot/texts/index.ts';
import type { Locale } from '../../core/people.ts';
import { faultMessage } from '../shared/fault.ts';
import { isFailure } from '../shared/failure.ts';
import type { SlackAddress } from './address.ts';
import type { SlackClient } from './client.ts';
import type { SlackEvent } from './parse.ts';
import type { Posts } from './posts.ts';
import type { SlackView } from './render-form.ts';
import { renderMessage } from './render.ts';
import type { MessageSender } from './send.ts';

export type ResponderParts = {
  readonly client: SlackClient;
  readonly posts: Posts;
  readonly sender: MessageSender;
  readonly log: Log;
};

export class Responder {
  readonly #parts: ResponderParts;

  constructor(parts: ResponderParts) {
    this.#parts = parts;
  }

  /**
   * One line in the channel that the answer replaces. With its `ts` saved before the work begins, everything later is an
   * edit, and an edit done twice after a crash is one edit. Where Slack is slow, the first answer makes the message.
   * Throws `UserError` `place.shut-out`, `place.locked`.
   */
  async placeholder({ source, atMs }: SlackEvent, address: SlackAddress, locale: Locale): Promise<SlackAddress> {
    const { posts, log } = this.#parts;
    const line = renderMessage(message({ lines: [[{ kind: 'italic', text: text(locale, 'wait.begin') }]] }), undefined);
    try {
      const posted = await posts.post(address, line, { key: source.id, patience: 'brief', sinceMs: atMs });
      return { ...address, ...posted, isPlaceholder: true };
    } catch (error) {
      if (isFailure(error, 'shut-out')) {
        throw refusal('place.shut-out');
      }
      if (isFailure(error, 'token')) {
        // Nothing can be posted, but where it was asked a private word can be said.
        throw refusal('place.locked', { at: '' });
      }
      log.warn({ err: error }, 'Slack: no first line could be posted; the answer will make its own message');
      return address;
    }
  }

  /** Throws `UserError` `form.late`. */
  async openForm({ source }: SlackEvent, view: SlackView): Promise<void> {
    if (source.trigger === undefined) {
      throw new Error('an event without trigger_id cannot open a form');
    }
    try {
      await this.#parts.client.call('views.open', { trigger_id: source.trigger, view }, { patience: 'quick' });
    } catch (error) {
      throw isFailure(error, 'late') ? refusal('form.late') : error;
    }
  }

  async refuse({ source, address }: SlackEvent, locale: Locale, error: unknown): Promise<void> {
    const { sender, log } = this.#parts;
    const options = { mode: 'private', key: `refused:${source.id}`, isFinal: true } as const;
    await sender.deliver({ ...address, isPrivate: true }, faultMessage(error, locale, log), options);
  }
}
