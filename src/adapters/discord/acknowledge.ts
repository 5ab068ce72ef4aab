/**
 * The first answer, within three seconds of the delivery or never: a deferral, a form, a list of suggestions. A broken
 * connection is tried again while there is time, and once a try may have arrived, until it is known whether it has: the
 * refusal of the next one tells.
 */
import { InteractionResponseType, MessageFlags, Routes } from 'discord.js';
import { z } from 'zod';

import type { Acknowledgement, Suggestion } from '../../core/chat.ts';
import type { Form, Message } from '../../core/message.ts';
import type { InteractionAddress } from './address.ts';
import { verdictOf } from './courier.ts';
import type { Courier, Wait } from './courier.ts';
import { LIMITS } from './limits.ts';
import type { Hook } from './parse.ts';
import { renderForm, renderMessage, renderSuggestions } from './render.ts';

/** Left for the way to Discord. */
const MARGIN_MS = 200;
const SHORTEST_PAUSE_MS = 100;
/** When time is up after a try that may have arrived, Discord is asked whether it has: so long each time, and in all. */
const ASK_MS = 2_000;
const KNOWN_WITHIN_MS = 15_000;

/** `late`: Discord no longer waits. `taken`: somebody else has answered, as with a delivery that comes twice. */
export type AckOutcome =
  | { readonly kind: 'done'; readonly message: string | undefined }
  | { readonly kind: 'late' | 'taken' };

export class Acknowledger {
  readonly #courier: Courier;
  readonly #steadyMs: () => number;
  readonly #wait: Wait;

  constructor(parts: { readonly courier: Courier; readonly steadyMs: () => number; readonly wait: Wait }) {
    this.#courier = parts.courier;
    this.#steadyMs = parts.steadyMs;
    this.#wait = parts.wait;
  }

  /** Where the answer will be delivered if the deferral arrives. */
  expect(hook: Hook, how: Exclude<Acknowledgement, 'form'>): InteractionAddress {
    const { source } = hook;
    const isUpdate = how === 'update' && source !== undefined;
    const isPrivate = isUpdate ? source.isPrivate : how !== 'public';
    return { ...hook.address, isPrivate, isWaiting: !isUpdate, message: isUpdate ? source.id : null };
  }

  /** The address under which the answer is delivered; undefined when the delivery is somebody else's or too late. */
  async defer(hook: Hook, how: Exclude<Acknowledgement, 'form'>): Promise<InteractionAddress | AckOutcome['kind']> {
    // Only what came from a message can update it; a command asked to do so is answered privately.
    const { source } = hook;
    const isUpdate = how === 'update' && source !== undefined;
    const address = this.expect(hook, how);
    const outcome = await this.#send(
      hook,
      isUpdate
        ? { type: InteractionResponseType.DeferredMessageUpdate }
        : {
            type: InteractionResponseType.DeferredChannelMessageWithSource,
            data: address.isPrivate ? { flags: MessageFlags.Ephemeral } : {},
          },
    );
    if (outcome.kind !== 'done') {
      return outcome.kind;
    }
    return isUpdate ? address : { ...address, message: outcome.message ?? null };
  }

  async showForm(hook: Hook, form: Form): Promise<AckOutcome> {
    return this.#send(hook, { type: InteractionResponseType.Modal, data: renderForm(form) });
  }

  /** A private answer in place of anything longer: a refusal. */
  async say(hook: Hook, message: Message): Promise<AckOutcome> {
    const { flags, content, allowed_mentions } = renderMessage(message, { isPrivate: true }).body;
    const data = { flags, content, allowed_mentions };
    return this.#send(hook, { type: InteractionResponseType.ChannelMessageWithSource, data });
  }

  async suggest(hook: Hook, suggestions: readonly Suggestion[]): Promise<AckOutcome> {
    return this.#send(hook, {
      type: InteractionResponseType.ApplicationCommandAutocompleteResult,
      data: { choices: renderSuggestions(suggestions) },
    });
  }

  async #send(hook: Hook, body: object): Promise<AckOutcome> {
    const path = Routes.interactionCallback(hook.id, hook.token);
    const query = new URLSearchParams({ with_response: 'true' });
    for (let mayHaveArrived = false; ;) {
      const sinceMs = this.#steadyMs() - hook.receivedAtMs;
      const leftMs = LIMITS.acknowledgeWithinMs - MARGIN_MS - sinceMs;
      if (leftMs <= 0 && !mayHaveArrived) {
        return { kind: 'late' };
      }
      if (sinceMs > KNOWN_WITHIN_MS) {
        // Better an answer that nobody waits for than a "thinking…" that nobody ends.
        return { kind: 'done', message: undefined };
      }
      try {
        const signal = AbortSignal.timeout(Math.ceil(leftMs <= 0 ? ASK_MS : leftMs));
        const made = await this.#courier.viaHook({ method: 'POST', path, query, body, signal });
        return { kind: 'done', message: callbackAnswer.safeParse(made).data?.interaction?.response_message_id };
      } catch (error) {
        const verdict = verdictOf(error);
        if (verdict.kind === 'acknowledged') {
          return mayHaveArrived ? { kind: 'done', message: undefined } : { kind: 'taken' };
        }
        if (verdict.kind === 'late' || verdict.kind === 'expired') {
          return { kind: 'late' };
        }
        if (verdict.kind !== 'retry') {
          throw error;
        }
        mayHaveArrived = true;
        await this.#wait(Math.min(Math.max(verdict.afterMs, SHORTEST_PAUSE_MS), leftMs <= 0 ? ASK_MS : leftMs));
      }
    }
  }
}

/** Not every stand-in answers with it; then the message's id is learned at the first edit. */
const callbackAnswer = z.object({ interaction: z.object({ response_message_id: z.string().optional() }).optional() });
