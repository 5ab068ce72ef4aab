/** Somebody in the workspace: what they type, press, fill in and see. */
import type { Deliveries, Outcome, Payload } from './deliveries.ts';
import { isJson, type Json, records, stringOf } from './json.ts';
import { seen, type Seen, type SeenButton } from './screen.ts';
import {
  APP,
  BOT_USER,
  type OpenView,
  type State,
  type StoredFile,
  type StoredMessage,
  type StoredPerson,
} from './state.ts';
import { fileJson, messageJson } from './web-api.ts';

export type PersonParts = {
  readonly person: StoredPerson;
  readonly state: State;
  readonly deliveries: Deliveries;
  readonly origin: string;
  readonly home: string;
};

export type FillIn = Readonly<
  Record<string, string | { readonly file: StoredFile } | { readonly files: readonly StoredFile[] }>
>;

/** Where something is said, and with which files. */
type Said = {
  readonly channel?: string;
  readonly thread?: string | undefined;
  readonly files?: readonly unknown[] | undefined;
};

export class Person {
  readonly #parts: PersonParts;

  constructor(parts: PersonParts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.person.id;
  }

  /** Types a command into a channel; the outcome is Slack's, the answer comes later. */
  slash(command: string, text = '', channel = this.#parts.home): Promise<Outcome> {
    const { person, state, origin } = this.#parts;
    const answerTo = state.responseUrl(channel, person.id, undefined);
    return this.#deliver('slash_commands', {
      token: 'unused',
      team_id: person.team,
      team_domain: 'fake',
      channel_id: channel,
      channel_name: state.channels.get(channel)?.name ?? '',
      user_id: person.id,
      user_name: person.name,
      command,
      // Slack sends these three as entities.
      text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
      api_app_id: APP,
      ...this.#organisation(),
      is_enterprise_install: String(this.#organisation().is_enterprise_install),
      response_url: `${origin}/hooks/${answerTo.token}`,
      trigger_id: state.trigger(person.id),
    });
  }

  /** Mentions the bot in a channel, or in the thread of a message there. */
  mention(text: string, { channel = this.#parts.home, thread }: Said = {}): Promise<Outcome> {
    return this.#say('app_mention', `<@${BOT_USER}> ${text}`, channel, { thread });
  }

  /** Writes to the bot alone. */
  writeDirect(text: string, { thread, files }: Omit<Said, 'channel'> = {}): Promise<Outcome> {
    const { id } = this.#parts.state.directChannel(this.id);
    return this.#say('message', text, id, { thread, files, channel_type: 'im' });
  }

  #say(type: string, text: string, channel: string, more: Omit<Said, 'channel'> & Json): Promise<Outcome> {
    const { person, state } = this.#parts;
    const { thread, files, ...rest } = more;
    const ts = state.ts();
    return this.#deliver('events_api', {
      type: 'event_callback',
      team_id: person.team,
      api_app_id: APP,
      event_id: `Ev${ts}`,
      event_time: Math.floor(state.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: this.#parts.deliveries.installedTeam ?? person.team,
          user_id: BOT_USER,
          is_bot: true,
          ...this.#organisation(),
        },
      ],
      event: {
        type,
        user: person.id,
        text: text.replaceAll('&', '&amp;').replaceAll(/<(?!@)/g, '&lt;'),
        ts,
        channel,
        event_ts: ts,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        ...(files === undefined ? {} : { files, subtype: 'file_share' }),
        ...rest,
      },
    });
  }

  /** Presses the button whose label holds the word, in the newest message that has one (or in the one given). */
  press(label: string, on?: Seen): Promise<Outcome> {
    const message = on ?? this.sees().findLast((candidate) => buttonOf(candidate, label) !== undefined);
    const button = message === undefined ? undefined : buttonOf(message, label);
    if (message === undefined || button === undefined) {
      throw new Error(`${this.#parts.person.name} sees no button ${label}; there are: ${this.#labels().join(', ')}`);
    }
    return this.#act(message, {
      type: 'button',
      action_id: button.actionId,
      value: button.value,
      text: { type: 'plain_text', text: button.label },
    });
  }

  /** Chooses an option of a select, both by a part of what is written there. */
  choose(option: string, on?: Seen): Promise<Outcome> {
    for (const message of on === undefined ? [...this.sees()].reverse() : [on]) {
      for (const select of message.selects) {
        const chosen = select.options.find(
          (candidate) => candidate.label.includes(option) || candidate.value === option,
        );
        if (chosen !== undefined) {
          return this.#act(message, {
            type: 'static_select',
            action_id: select.actionId,
            selected_option: { text: { type: 'plain_text', text: chosen.label }, value: chosen.value },
          });
        }
      }
    }
    throw new Error(`${this.#parts.person.name} sees no option ${option}`);
  }

  /** Opens the app's Home tab, and sees what it shows then. */
  async openHome(): Promise<Seen> {
    const { person, state } = this.#parts;
    await this.#deliver('events_api', {
      type: 'event_callback',
      team_id: person.team,
      ...this.#organisation(),
      api_app_id: APP,
      event_id: state.id('Ev'),
      event: { type: 'app_home_opened', user: person.id, channel: state.directChannel(person.id).id, tab: 'home' },
    });
    return this.home();
  }

  /** What the Home tab shows. */
  home(): Seen {
    const { person, state } = this.#parts;
    const blocks = records(state.homes.get(person.id)?.['blocks']);
    const place = { channel: '', ts: 'home', thread: undefined, author: undefined, metadata: undefined };
    return seen({ ...place, onlyFor: person.id, files: [], text: '', blocks, edits: 0 }, state);
  }

  /** Presses there. */
  pressAtHome(label: string): Promise<Outcome> {
    const { person, state } = this.#parts;
    const pressed = buttonOf(this.home(), label);
    if (pressed === undefined) {
      throw new Error(`${person.name} sees no button ${label} at home`);
    }
    const { channel: _, ...who } = this.#who('');
    return this.#deliver('interactive', {
      type: 'block_actions',
      ...who,
      container: { type: 'view', view_id: `V-${person.id}` },
      view: { id: `V-${person.id}`, ...state.homes.get(person.id), app_installed_team_id: person.team },
      trigger_id: state.trigger(person.id),
      actions: [
        {
          type: 'button',
          action_id: pressed.actionId,
          value: pressed.value,
          block_id: state.id('b'),
          action_ts: state.ts(),
        },
      ],
    });
  }

  /** A global shortcut, from the menu of everything. */
  globalShortcut(callbackId: string): Promise<Outcome> {
    const { channel: _, ...who } = this.#who('');
    const { person, state } = this.#parts;
    const trigger = state.trigger(person.id);
    return this.#deliver('interactive', {
      type: 'shortcut',
      callback_id: callbackId,
      ...who,
      trigger_id: trigger,
      action_ts: state.ts(),
    });
  }

  /** A message shortcut, from the menu beside a message. */
  shortcut(callbackId: string, on: Seen): Promise<Outcome> {
    const { person, state, origin } = this.#parts;
    const answerTo = state.responseUrl(on.channel, person.id, undefined);
    return this.#deliver('interactive', {
      type: 'message_action',
      callback_id: callbackId,
      ...this.#who(on.channel),
      trigger_id: state.trigger(person.id),
      response_url: `${origin}/hooks/${answerTo.token}`,
      message: this.#message(on),
      action_ts: state.ts(),
    });
  }

  /** The same on a message of somebody else's, with files. */
  pictureShortcut(callbackId: string, message: { readonly user: string; readonly files: readonly unknown[] }) {
    const { person, state, origin } = this.#parts;
    const answerTo = state.responseUrl(this.#parts.home, person.id, undefined);
    return this.#deliver('interactive', {
      type: 'message_action',
      callback_id: callbackId,
      ...this.#who(this.#parts.home),
      trigger_id: state.trigger(person.id),
      response_url: `${origin}/hooks/${answerTo.token}`,
      message: { type: 'message', ts: state.ts(), text: '', ...message },
      action_ts: state.ts(),
    });
  }

  /** The modal that is open before this person. */
  view(): Json | undefined {
    return this.#open()?.view;
  }

  /** Fills in the open modal by block ids and submits it; what is not given stays as it was prefilled. */
  async submit(values: FillIn): Promise<Outcome> {
    const { person, state, origin } = this.#parts;
    const open = this.#open();
    if (open === undefined) {
      throw new Error(`${person.name} has no modal open`);
    }
    // A select that asked for it brings an address to answer to.
    const answering = records(open.view['blocks']).find(
      (block) => isJson(block['element']) && block['element']['response_url_enabled'] === true,
    );
    const where = answering === undefined ? undefined : values[stringOf(answering['block_id'])];
    const answerTo = typeof where === 'string' ? state.responseUrl(where, person.id, undefined) : undefined;
    const outcome = await this.#deliver('interactive', {
      type: 'view_submission',
      team: { id: person.team, domain: 'fake' },
      ...this.#organisation(),
      user: { id: person.id, username: person.name, team_id: person.team },
      api_app_id: APP,
      trigger_id: state.trigger(person.id),
      view: {
        ...open.view,
        id: open.id,
        app_installed_team_id: this.#parts.deliveries.installedTeam ?? person.team,
        hash: state.id('hash'),
        state: { values: this.#filledIn(open.view, values) },
      },
      response_urls:
        answerTo === undefined ? [] : [{ channel_id: where, response_url: `${origin}/hooks/${answerTo.token}` }],
    });
    // A form with errors stays open, with all that was filled in.
    if (outcome.isAcknowledged && outcome.body['response_action'] !== 'errors') {
      state.views.splice(state.views.indexOf(open), 1);
    }
    return outcome;
  }

  /** Types into a select of the open modal that asks the app for its options. */
  suggestions(blockId: string, typed: string): Promise<Outcome> {
    const { person, state } = this.#parts;
    return this.#deliver('interactive', {
      type: 'block_suggestion',
      team: { id: person.team, domain: 'fake' },
      ...this.#organisation(),
      user: { id: person.id, username: person.name, team_id: person.team },
      api_app_id: APP,
      action_id: 'value',
      block_id: blockId,
      value: typed,
      view: this.#open()?.view ?? {},
      container: { type: 'view', view_id: state.id('V') },
    });
  }

  /** Uploads a file into the workspace. */
  /** A file as the payloads carry it. */
  fileJson(file: StoredFile): Json {
    return fileJson(file, this.#parts.origin, this.#parts.state);
  }

  upload(name: string, data: Uint8Array): StoredFile {
    const { state } = this.#parts;
    const file: StoredFile = {
      id: state.id('F'),
      name,
      alt: '',
      length: data.length,
      data: Buffer.from(data),
      isComplete: true,
      processedAtMs: 0,
      shares: [],
    };
    state.files.set(file.id, file);
    return file;
  }

  /** Everything this person can see, oldest first: channels and their own private messages. */
  sees(): readonly Seen[] {
    const { state, person } = this.#parts;
    return state.messages
      .all()
      .filter((message) => isVisibleTo(message, person.id))
      .map((message) => seen(message, state));
  }

  #labels(): readonly string[] {
    return this.sees().flatMap((message) => message.buttons.map((button) => button.label));
  }

  #open(): OpenView | undefined {
    return this.#parts.state.views.findLast((view) => view.user === this.#parts.person.id);
  }

  #act(on: Seen, action: Json): Promise<Outcome> {
    const { person, state, origin } = this.#parts;
    const answerTo = state.responseUrl(on.channel, person.id, on.ts);
    const message = this.#message(on);
    const blockId = records(message['blocks']).find((block) =>
      records(block['elements']).some((element) => element['action_id'] === action['action_id']),
    )?.['block_id'];
    return this.#deliver('interactive', {
      type: 'block_actions',
      ...this.#who(on.channel),
      container: {
        type: 'message',
        message_ts: on.ts,
        channel_id: on.channel,
        is_ephemeral: on.isPrivate,
        ...(on.thread === undefined ? {} : { thread_ts: on.thread }),
      },
      // A private message is not sent along.
      ...(on.isPrivate ? {} : { message }),
      trigger_id: state.trigger(person.id),
      response_url: `${origin}/hooks/${answerTo.token}`,
      actions: [{ ...action, block_id: blockId, action_ts: state.ts() }],
    });
  }

  #who(channel: string): Json {
    const { person, state, deliveries } = this.#parts;
    const installed = deliveries.installedTeam;
    return {
      team: { id: person.team, domain: 'fake' },
      ...this.#organisation(),
      ...(installed === undefined ? {} : { context_team_id: installed }),
      user: { id: person.id, username: person.name, team_id: person.team },
      api_app_id: APP,
      channel: { id: channel, name: state.channels.get(channel)?.name ?? '' },
    };
  }

  /** Writes a message with a file. */
  says(text: string, file: StoredFile, channel = this.#parts.home): Seen {
    const { state } = this.#parts;
    return seen(state.add({ channel, text, blocks: [], author: this.id, files: [file.id] }), state);
  }

  #message(on: Seen): Json {
    const { state, origin } = this.#parts;
    const message = state.message(on.channel, on.ts);
    const files = message?.files.flatMap((id) => state.files.get(id) ?? []) ?? [];
    const shown = files.length === 0 ? {} : { files: files.map((file) => fileJson(file, origin, state)) };
    return message === undefined ? {} : { ...messageJson(message, state), ...shown };
  }

  #filledIn(view: Json, values: FillIn): Json {
    const inputs = records(view['blocks']).filter((block) => block['type'] === 'input');
    const unknown = Object.keys(values).filter((id) => !inputs.some((block) => block['block_id'] === id));
    if (unknown.length > 0) {
      throw new Error(`the modal has no field ${unknown.join(', ')}`);
    }
    return Object.fromEntries(
      inputs.map((block) => {
        const id = stringOf(block['block_id']);
        const element = isJson(block['element']) ? block['element'] : {};
        return [id, { [stringOf(element['action_id'])]: this.#elementState(element, values[id]) }];
      }),
    );
  }

  #elementState(element: Json, value: FillIn[string] | undefined): Json {
    const type = stringOf(element['type']);
    if (type === 'file_input') {
      const { state, origin } = this.#parts;
      const given = typeof value !== 'object' ? [] : 'file' in value ? [value.file] : value.files;
      if (given.length > Number(element['max_files'] ?? 10)) {
        throw new Error(`the client does not take ${given.length} files`);
      }
      return { type, files: given.map((file) => fileJson(file, origin, state)) };
    }
    if (type === 'static_select' || type === 'radio_buttons' || type === 'external_select') {
      const chosen =
        typeof value === 'string' ? { text: { type: 'plain_text', text: value }, value } : element['initial_option'];
      return { type, selected_option: chosen ?? null };
    }
    if (type === 'multi_static_select') {
      const chosen =
        typeof value === 'string'
          ? value.split('\n').map((id) => ({ text: { type: 'plain_text', text: id }, value: id }))
          : element['initial_options'];
      return { type, selected_options: chosen ?? [] };
    }
    if (type === 'conversations_select') {
      return { type, selected_conversation: value ?? element['initial_conversation'] ?? null };
    }
    if (type === 'multi_conversations_select') {
      const chosen = typeof value === 'string' ? value.split('\n').filter((id) => id !== '') : undefined;
      return { type, selected_conversations: chosen ?? element['initial_conversations'] ?? [] };
    }
    return { type, value: typeof value === 'string' ? value : (element['initial_value'] ?? null) };
  }

  /** As payloads carry the organisation that has installed the app for this person's workspace. */
  #organisation() {
    const enterprise = this.#parts.state.organisations.get(this.#parts.person.team);
    return enterprise === undefined
      ? { is_enterprise_install: false }
      : { is_enterprise_install: true, enterprise_id: enterprise, enterprise: { id: enterprise, name: 'Org' } };
  }

  #deliver(type: Payload['type'], body: Json): Promise<Outcome> {
    return this.#parts.deliveries.deliver({ type, body });
  }
}

function isVisibleTo(message: StoredMessage, person: string): boolean {
  const isOthersDirect = message.channel.startsWith('D') && message.channel !== `D${person.slice(1)}`;
  return !isOthersDirect && (message.onlyFor === undefined || message.onlyFor === person);
}

function buttonOf(message: Seen, label: string): SeenButton | undefined {
  return (
    message.buttons.find((button) => button.label.split(/\s+/).includes(label)) ??
    message.buttons.find((button) => button.label.includes(label))
  );
}
