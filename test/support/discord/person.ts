/**
 * Somebody at the keyboard: types commands, presses what is visible, fills forms, and sees a channel as that person
 * alone sees it. Refuses what Discord's client would not let them do.
 */
import { randomBytes } from 'node:crypto';

import { postSigned } from './endpoint.ts';
import { Exchange } from './exchange.ts';
import type { FakeDiscord } from './index.ts';
import { interactionPayload } from './interaction-payload.ts';
import { seenMessage } from './seen.ts';
import type { SeenMessage } from './seen.ts';
import { findSlashCommand, slashData } from './slash-command.ts';
import type { SlashOptions, UploadValue } from './slash-command.ts';
import type { FakeChannel, FakeUser, Interaction, StoredFile, StoredMessage } from './world.ts';

export class Person {
  readonly user: FakeUser;
  readonly channel: FakeChannel;
  readonly #fake: FakeDiscord;

  constructor(fake: FakeDiscord, user: FakeUser, channel: FakeChannel) {
    this.#fake = fake;
    this.user = user;
    this.channel = channel;
  }

  /** Types `/name` with these options; `style add` is a sub-command. */
  slash(name: string, options: SlashOptions = {}): Exchange {
    const found = findSlashCommand(this.#fake.world.commands, name, this.user);
    return this.#send(2, { data: slashData(found, options, (upload) => this.#upload(upload)) });
  }

  /** `/queue` under way: what Discord would send for it, and sends not; a test does, as somebody else might. */
  compose(note: string): { readonly interaction: Interaction; readonly payload: Record<string, unknown> } {
    const found = findSlashCommand(this.#fake.world.commands, 'queue', this.user);
    const interaction = this.#begin(2);
    const data = { ...slashData(found, {}, (upload) => this.#upload(upload)), note };
    return { interaction, payload: interactionPayload(this.#fake.world, interaction, { data }) };
  }

  /** What the client offers while `option` is being typed. */
  async autocomplete(
    name: string,
    option: string,
    partial: string,
  ): Promise<readonly { readonly name: string; readonly value: string | number }[]> {
    const found = findSlashCommand(this.#fake.world.commands, name, this.user);
    const typed = found.options.find((each) => each.name === option);
    if (typed?.autocomplete !== true) {
      throw new Error(`/${name} ${option} offers nothing`);
    }
    const options = [{ name: option, type: typed.type, value: partial, focused: true }];
    const exchange = this.#send(4, {
      data: {
        id: found.command.id,
        name: found.command.name,
        type: 1,
        options: found.sub === undefined ? options : [{ name: found.sub, type: 1, options }],
      },
    });
    return this.#fake.world.until(`choices for ${option}`, () => exchange.interaction.choices);
  }

  /** Presses the button whose label contains the word, on this message or on the newest that has one. */
  press(label: string, on?: SeenMessage): Exchange {
    const message = this.#pick(on, (seen) => seen.buttons.some((button) => button.label.includes(label)), label);
    const button = seenMessage(message).buttons.find((each) => each.label.includes(label));
    if (button === undefined || button.isDisabled) {
      throw new Error(`"${label}" cannot be pressed`);
    }
    return this.pressId(button.id, message.id);
  }

  /** A press by its id, as a client that is out of date may send it. */
  pressId(customId: string, messageId: string): Exchange {
    const message = this.#stored(messageId);
    return this.#send(
      3,
      { data: { custom_id: customId, component_type: 2 }, message: this.#fake.messages.json(message) },
      message.id,
    );
  }

  /** Chooses in the message's select that offers the first value. */
  choose(values: readonly string[], on?: SeenMessage): Exchange {
    const offers = (seen: SeenMessage) =>
      seen.selects.find((select) => values.every((each) => select.values.includes(each)));
    const message = this.#pick(on, (seen) => offers(seen) !== undefined, values.join(', '));
    const data = { custom_id: offers(seenMessage(message))?.id ?? '', component_type: 3, values };
    return this.#send(3, { data, message: this.#fake.messages.json(message) }, message.id);
  }

  /** Fills the form that an exchange has opened (prefilled values stay) and sends it. */
  async submit(
    opened: Exchange,
    fields: Readonly<Record<string, string>> = {},
    files: Readonly<Record<string, readonly UploadValue[]>> = {},
  ): Promise<Exchange> {
    const modal = await opened.modal();
    const attachments: Record<string, unknown> = {};
    const unknown = [...Object.keys(fields), ...Object.keys(files)].filter(
      (id) => !modal.components.some((part) => inputOf(part).custom_id === id),
    );
    if (unknown.length > 0) {
      throw new Error(`the form has no field ${unknown.join(', ')}`);
    }
    const components = modal.components.map((part) => {
      const input = inputOf(part);
      if (input.type === 3) {
        const chosen = fields[input.custom_id] ?? input.options.find((option) => option.default)?.value ?? '';
        const component = { type: 3, id: 1, custom_id: input.custom_id, values: chosen === '' ? [] : [chosen] };
        return { type: 18, id: 2, component };
      }
      if (input.type === 21) {
        const value = fields[input.custom_id] ?? input.options.find((option) => option.default)?.value ?? null;
        const isOffered =
          value === null ? input.required === false : input.options.some((each) => each.value === value);
        if (!isOffered) {
          throw new Error(`the client does not offer ${JSON.stringify(value)} for ${input.custom_id}`);
        }
        return { type: 18, id: 2, component: { type: 21, id: 1, custom_id: input.custom_id, value } };
      }
      if (input.type === 6 || input.type === 8) {
        const chosen = fields[input.custom_id]?.split('\n') ?? (input.default_values ?? []).map(({ id }) => id);
        const component = {
          type: input.type,
          id: 1,
          custom_id: input.custom_id,
          values: chosen.filter((id) => id !== ''),
        };
        return { type: 18, id: 2, component };
      }
      if (input.type === 19) {
        const given = files[input.custom_id] ?? [];
        if (given.length < (input.min_values ?? 1) || given.length > (input.max_values ?? 1)) {
          throw new Error(`the client does not accept ${given.length} files for ${input.custom_id}`);
        }
        const values = given.map((each) => {
          const { file, json } = this.#upload(each);
          attachments[file.id] = json;
          return file.id;
        });
        return { type: 18, id: 2, component: { type: 19, id: 1, custom_id: input.custom_id, values } };
      }
      const value = fields[input.custom_id] ?? input.value ?? '';
      if ((input.required !== false && value === '') || value.length > (input.max_length ?? 4000)) {
        throw new Error(`the client does not accept ${JSON.stringify(value)} for ${input.custom_id}`);
      }
      const filled = { type: 4, id: 1, custom_id: input.custom_id, value };
      return part.type === 18 ? { type: 18, id: 2, component: filled } : { type: 1, components: [filled] };
    });
    const source = opened.interaction.source;
    return this.#send(
      5,
      {
        data: { custom_id: modal.custom_id, components, resolved: { attachments } },
        ...(source === undefined ? {} : { message: this.#fake.messages.json(this.#stored(source)) }),
      },
      source,
    );
  }

  /** A command of the message's context menu. */
  menu(name: string, on: SeenMessage): Exchange {
    const command = this.#fake.world.commands.find((each) => each.type === 3 && each.name === name);
    if (command === undefined) {
      throw new Error(`"${name}" is in no message's menu`);
    }
    const messages = { [on.id]: this.#fake.messages.json(this.#stored(on.id)) };
    return this.#send(2, { data: { id: command.id, name, type: 3, target_id: on.id, resolved: { messages } } });
  }

  /** Writes a message with a file. */
  says(content: string, file: UploadValue): SeenMessage {
    const stored: StoredFile = { id: this.#fake.world.clock.nextId(), alt: '', ...file };
    return seenMessage(this.#fake.messages.say(this.user, this.channel, content, [stored]));
  }

  /** The channel, oldest first: what everybody sees and what only this person does. */
  get sees(): readonly SeenMessage[] {
    return this.#fake.world.messages
      .in(this.channel)
      .filter((each) => this.#isVisible(each))
      .map(seenMessage);
  }

  /** The direct messages with the bot, oldest first. */
  get direct(): readonly SeenMessage[] {
    return this.#fake.world.messages.in(this.#fake.world.directOf(this.user.id)).map(seenMessage);
  }

  /** The newest message that fits, now or as soon as there is one. */
  async finds(what: string, fits: (message: SeenMessage) => boolean): Promise<SeenMessage> {
    return this.#fake.world.until(what, () => this.sees.findLast(fits));
  }

  #send(
    type: Interaction['type'],
    parts: { readonly data: unknown; readonly message?: unknown },
    source?: string,
  ): Exchange {
    const { world, delivery, gateway } = this.#fake;
    const interaction = this.#begin(type, source);
    const payload = interactionPayload(world, interaction, parts);
    const deliver = (): void => {
      for (let time = 0; time < delivery.times; time += 1) {
        if (this.#fake.endpoint !== undefined) {
          void postSigned(this.#fake.endpoint, payload, world.clock.now());
          continue;
        }
        gateway.dispatch('INTERACTION_CREATE', payload);
      }
    };
    if (delivery.delayMs > 0) {
      setTimeout(deliver, delivery.delayMs);
    } else {
      deliver();
    }
    return new Exchange(world, interaction);
  }

  #begin(type: Interaction['type'], source?: string): Interaction {
    const { world } = this.#fake;
    const interaction: Interaction = {
      id: world.clock.nextId(),
      token: randomBytes(48).toString('base64url'),
      type,
      channel: this.channel,
      user: this.user,
      createdAtMs: world.clock.now(),
      source,
      acknowledgedAtMs: undefined,
      answerType: undefined,
      original: undefined,
      followUps: 0,
      modal: undefined,
      choices: undefined,
    };
    world.add(interaction);
    return interaction;
  }

  #upload(upload: UploadValue): { readonly file: StoredFile; readonly json: unknown } {
    const file: StoredFile = { id: this.#fake.world.clock.nextId(), alt: '', ...upload };
    this.#fake.rest.uploads.set(file.id, file);
    return { file, json: this.#fake.messages.attachmentJson(file, this.channel.id) };
  }

  #pick(on: SeenMessage | undefined, fits: (message: SeenMessage) => boolean, what: string): StoredMessage {
    const found = on ?? this.sees.findLast(fits);
    if (found === undefined) {
      throw new Error(`${this.user.name} sees nothing with "${what}"`);
    }
    return this.#stored(found.id);
  }

  #stored(id: string): StoredMessage {
    const message = this.#fake.world.messages.get(id);
    if (message === undefined || !this.#isVisible(message)) {
      throw new Error(`${this.user.name} does not see message ${id}`);
    }
    return message;
  }

  #isVisible(message: StoredMessage): boolean {
    return message.channel === this.channel && (message.visibleTo ?? this.user.id) === this.user.id;
  }
}

function inputOf(part: Awaited<ReturnType<Exchange['modal']>>['components'][number]) {
  return part.type === 18 ? part.component : part.components[0];
}
