/**
 * The first answer to an interaction, within three seconds or never: a deferral, a form, a refusal, a list of suggestions.
 * A broken connection is tried again while there is time, and once a try may have arrived, until it is known whether it
 * has: the refusal of the next one tells.
 */
import { InteractionResponseType, MessageFlags, Routes } from 'discord.js';
import { z } from 'zod';

import type { Acknowledgement, Suggestion } from '../../core/chat.ts';
import type { Form, Message } from '../../core/message.ts';
import { isFailure } from '../shared/failure.ts';
import { ACKNOWLEDGE_WITHIN_MS } from '../shared/intake.ts';
import type { Wait } from '../shared/retry.ts';
import type { InteractionAddress } from './address.ts';
import type { DiscordClient } from './client.ts';
import type { InteractionToken } from './parse.ts';
import { renderForm } from './render-form.ts';
import { renderMessage, renderSuggestions } from './render.ts';

/** Left for the way to Discord. */
const MARGIN_MS = 200;
const SHORTEST_PAUSE_MS = 100;
/** When time is up after a try that may have arrived, Discord is asked whether it has: so long each time, and in all. */
const ASK_MS = 2_000;
const KNOWN_WITHIN_MS = 15_000;

/** `late`: Discord no longer waits. `taken`: somebody else has answered, as with an interaction that comes twice. */
type Responded = { readonly kind: 'done'; readonly message: string | undefined } | { readonly kind: 'late' | 'taken' };
type Deferral = Exclude<Acknowledgement, 'form'>;

export class Responder {
  readonly #client: DiscordClient;
  readonly #monotonicMs: () => number;
  readonly #wait: Wait;

  constructor(parts: { readonly client: DiscordClient; readonly monotonicMs: () => number; readonly wait: Wait }) {
    this.#client = parts.client;
    this.#monotonicMs = parts.monotonicMs;
    this.#wait = parts.wait;
  }

  /** The address under which the answer is delivered. */
  async defer(
    token: InteractionToken,
    how: Deferral,
  ): Promise<{ readonly kind: 'done'; readonly address: InteractionAddress } | { readonly kind: 'late' | 'taken' }> {
    const address = deferredAddress(token, how);
    const responded = await this.#send(
      token,
      address.isWaiting
        ? {
            type: InteractionResponseType.DeferredChannelMessageWithSource,
            data: address.isPrivate ? { flags: MessageFlags.Ephemeral } : {},
          }
        : { type: InteractionResponseType.DeferredMessageUpdate },
    );
    if (responded.kind !== 'done') {
      return responded;
    }
    return { kind: 'done', address: address.isWaiting ? { ...address, message: responded.message ?? null } : address };
  }

  async showForm(token: InteractionToken, form: Form): Promise<Responded> {
    return this.#send(token, { type: InteractionResponseType.Modal, data: renderForm(form) });
  }

  /** A private answer in place of anything longer: a refusal. */
  async say(token: InteractionToken, message: Message): Promise<Responded> {
    const { flags, content, allowed_mentions } = renderMessage(message, { isPrivate: true }).body;
    const data = { flags, content, allowed_mentions };
    return this.#send(token, { type: InteractionResponseType.ChannelMessageWithSource, data });
  }

  async suggest(token: InteractionToken, suggestions: readonly Suggestion[]): Promise<Responded> {
    const data = { choices: renderSuggestions(suggestions) };
    return this.#send(token, { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data });
  }

  async #send(token: InteractionToken, body: object): Promise<Responded> {
    const path = Routes.interactionCallback(token.id, token.token);
    const query = new URLSearchParams({ with_response: 'true' });
    for (let mayHaveArrived = false; ;) {
      const sinceMs = this.#monotonicMs() - token.receivedAtMs;
      const leftMs = ACKNOWLEDGE_WITHIN_MS - MARGIN_MS - sinceMs;
      if (leftMs <= 0 && !mayHaveArrived) {
        return { kind: 'late' };
      }
      if (sinceMs > KNOWN_WITHIN_MS) {
        // Better an answer that nobody waits for than a "thinking…" that nobody ends.
        return { kind: 'done', message: undefined };
      }
      try {
        const signal = AbortSignal.timeout(Math.ceil(leftMs <= 0 ? ASK_MS : leftMs));
        const made = await this.#client.byInteraction({ method: 'POST', path, query, body, signal });
        return { kind: 'done', message: callbackAnswer.safeParse(made).data?.interaction?.response_message_id };
      } catch (error) {
        if (isFailure(error, 'acknowledged')) {
          return mayHaveArrived ? { kind: 'done', message: undefined } : { kind: 'taken' };
        }
        if (isFailure(error, 'late', 'expired')) {
          return { kind: 'late' };
        }
        if (!isFailure(error, 'passing')) {
          throw error;
        }
        mayHaveArrived ||= error.mayHaveArrived;
        await this.#wait(Math.min(Math.max(error.afterMs, SHORTEST_PAUSE_MS), leftMs <= 0 ? ASK_MS : leftMs));
      }
    }
  }
}

/**
 * Where the answer is delivered if the deferral arrives. Only what came from a message can update it; a command that is
 * to do so is answered privately.
 */
export function deferredAddress({ source, address }: InteractionToken, how: Deferral): InteractionAddress {
  return how === 'update' && source !== undefined
    ? { ...address, isPrivate: source.isPrivate, isWaiting: false, message: source.id }
    : { ...address, isPrivate: how !== 'public', isWaiting: true, message: null };
}

/** Not every stand-in answers with it; then the message's id is learned at the first edit. */
const callbackAnswer = z.object({ interaction: z.object({ response_message_id: z.string().optional() }).optional() });
