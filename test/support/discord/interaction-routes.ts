/**
 * Answering an interaction: the one callback within three seconds, then the webhook of its token for fifteen minutes.
 */
import { obey, refusals } from './failures.ts';
import { autocompleteBody, callbackBody, deferralBody, modalBody } from './message-rules.ts';
import type { Messages } from './messages.ts';
import type { Body } from './request-body.ts';
import { ACKNOWLEDGE_WITHIN_MS, TOKEN_LIVES_MS } from './world.ts';
import type { Interaction, StoredMessage, World } from './world.ts';

const EPHEMERAL = 1 << 6;
/** Where the bot is installed by the person alone. */
const PERSONAL_FOLLOW_UPS = 5;

export class InteractionRoutes {
  readonly #world: World;
  readonly #messages: Messages;

  constructor(world: World, messages: Messages) {
    this.#world = world;
    this.#messages = messages;
  }

  callback(id: string, token: string, body: Body, withResponse: boolean): unknown {
    const interaction = this.#world.interactions.get(id);
    const now = this.#world.clock.now();
    if (interaction === undefined || interaction.token !== token) {
      throw refusals.unknownInteraction();
    }
    if (interaction.acknowledgedAtMs !== undefined) {
      throw refusals.alreadyAcknowledged();
    }
    if (now - interaction.createdAtMs > ACKNOWLEDGE_WITHIN_MS) {
      throw refusals.unknownInteraction();
    }
    const { type, data } = obey(callbackBody, body.json);
    this.#answer(interaction, type, data, body);
    interaction.acknowledgedAtMs = now;
    interaction.answerType = type;
    this.#world.changed();
    if (!withResponse) {
      return undefined;
    }
    const message = this.#world.messages.get(interaction.original ?? '');
    return {
      interaction: {
        id,
        type: interaction.type,
        ...(message === undefined
          ? {}
          : {
              response_message_id: message.id,
              response_message_loading: message.isLoading,
              response_message_ephemeral: message.visibleTo !== undefined,
            }),
      },
      ...(message === undefined || message.isLoading
        ? {}
        : { resource: { type, message: this.#messages.json(message) } }),
    };
  }

  followUp(application: string, token: string, body: Body): unknown {
    const interaction = this.#alive(application, token);
    if (interaction.channel.isLocked === true) {
      throw refusals.archivedThread();
    }
    const place = {
      channel: interaction.channel,
      interaction,
      limitBytes: interaction.user.uploadLimitBytes,
    };
    interaction.followUps += 1;
    if (interaction.user.isPersonal && interaction.followUps > PERSONAL_FOLLOW_UPS) {
      throw refusals.tooManyFollowUps();
    }
    const original = this.#world.messages.get(interaction.original ?? '');
    if (original?.isLoading === true) {
      // Documented as deprecated, and true: the first follow-up after a deferral fills the placeholder, flags ignored.
      const json = typeof body.json === 'object' ? { ...body.json, flags: 0 } : body.json;
      this.#messages.edit(original, { ...body, json }, place.limitBytes);
      return this.#messages.json(original);
    }
    return this.#messages.json(this.#messages.create(body, { ...place, ...this.#audience(body.json, interaction) }));
  }

  get(application: string, token: string, which: string): unknown {
    return this.#messages.json(this.#message(this.#alive(application, token), which));
  }

  edit(application: string, token: string, which: string, body: Body): unknown {
    const interaction = this.#alive(application, token);
    if (interaction.channel.isLocked === true) {
      throw refusals.archivedThread();
    }
    const message = this.#message(interaction, which);
    this.#messages.edit(message, body, interaction.user.uploadLimitBytes);
    return this.#messages.json(message);
  }

  delete(application: string, token: string, which: string): void {
    this.#messages.delete(this.#message(this.#alive(application, token), which));
  }

  #answer(interaction: Interaction, type: number, data: unknown, body: Body): void {
    const isPress = interaction.source !== undefined;
    if ((type === 8) !== (interaction.type === 4)) {
      throw refusals.invalidBody([`type ${type} does not answer an interaction of type ${interaction.type}`]);
    }
    if (type === 9 && interaction.type === 5) {
      throw refusals.invalidBody(['a modal does not answer a modal']);
    }
    if ((type === 6 || type === 7) && !isPress) {
      throw refusals.invalidBody([`type ${type} needs a message whose component was used`]);
    }
    const place = { channel: interaction.channel, interaction, ...this.#audience(data, interaction) };
    if (type === 8) {
      interaction.choices = obey(autocompleteBody, data).choices;
    } else if (type === 9) {
      interaction.modal = obey(modalBody, data);
    } else if (type === 6) {
      interaction.original = interaction.source;
    } else if (type === 5) {
      obey(deferralBody, data);
      interaction.original = this.#messages.placeholder(place).id;
    } else {
      const made = this.#messages.create(
        { ...body, json: data },
        { ...place, limitBytes: interaction.user.uploadLimitBytes },
      );
      interaction.original = made.id;
    }
  }

  #audience(data: unknown, interaction: Interaction): { readonly visibleTo?: string } {
    const flags = typeof data === 'object' && data !== null && 'flags' in data ? Number(data.flags) : 0;
    return (flags & EPHEMERAL) === 0 ? {} : { visibleTo: interaction.user.id };
  }

  #alive(application: string, token: string): Interaction {
    const interaction = this.#world.byToken(token);
    if (interaction === undefined || application !== this.#world.application.id) {
      throw refusals.unknownWebhook();
    }
    if (interaction.acknowledgedAtMs === undefined) {
      throw refusals.unknownWebhook();
    }
    if (this.#world.clock.now() - interaction.createdAtMs > TOKEN_LIVES_MS) {
      throw refusals.expiredToken();
    }
    return interaction;
  }

  #message(interaction: Interaction, which: string): StoredMessage {
    const message = this.#world.messages.get(which === '@original' ? (interaction.original ?? '') : which);
    if (message === undefined || message.channel !== interaction.channel) {
      throw refusals.unknownMessage();
    }
    return message;
  }
}
