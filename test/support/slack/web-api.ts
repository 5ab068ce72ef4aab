/**
 * The Web API's methods, as Slack documents them: scopes, limits, errors as `ok: false`. Pure but for the state; files
 * are processed after a while, and a share appears in its channel later than the call returns.
 */
import { homeFaults, messageFaults, viewFaults } from './block-rules.ts';
import { isJson, type Json, jsonOf, records, stringOf } from './json.ts';
import { aboutGrant, type Grant } from './oauth-end.ts';
import { APP, BOT, BOT_USER, type State, type StoredFile, type StoredMessage, TEAM } from './state.ts';

export type ApiCall = {
  readonly method: string;
  readonly args: Readonly<Record<string, string>>;
  readonly baseUrl: string;
  /** Whose token it is; undefined: the one workspace's of the settings. */
  readonly grant?: Grant | undefined;
};

export type ApiSettings = {
  readonly scopes: Set<string>;
  /** How long an upload is processed. */
  processingMs: number;
  /** After how long a shared file's message appears. */
  shareMs: number;
  /** False: the workspace refuses uploaded files in image blocks. */
  acceptsFileBlocks: boolean;
};

const SCOPE_OF: Readonly<Record<string, string>> = {
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'chat.delete': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'users.info': 'users:read',
  'users.list': 'users:read',
  'usergroups.list': 'usergroups:read',
  'conversations.open': 'im:write',
  'conversations.history': 'channels:history',
  'conversations.replies': 'channels:history',
  'files.getUploadURLExternal': 'files:write',
  'files.completeUploadExternal': 'files:write',
  'files.delete': 'files:write',
  'files.info': 'files:read',
};

export class WebApi {
  readonly #state: State;
  readonly #settings: ApiSettings;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(state: State, settings: ApiSettings) {
    this.#state = state;
    this.#settings = settings;
  }

  /** What a token may, as Slack says with each answer. */
  scopes(): readonly string[] {
    return [...this.#settings.scopes];
  }

  close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
  }

  call(call: ApiCall): Json {
    const channel = this.#state.channels.get(call.args['channel'] ?? call.args['channel_id'] ?? '');
    if (channel !== undefined && !this.#isReached(channel.team, call.grant)) {
      return refuse('channel_not_found');
    }
    const needed = SCOPE_OF[call.method];
    if (needed !== undefined && !this.#settings.scopes.has(needed)) {
      return { ok: false, error: 'missing_scope', needed, provided: [...this.#settings.scopes].join(',') };
    }
    switch (call.method) {
      case 'auth.test':
        return call.grant === undefined
          ? { ok: true, team: 'Fake Workspace', team_id: TEAM, user: 'fourstep', user_id: BOT_USER, bot_id: BOT }
          : aboutGrant(call.grant);
      case 'chat.postMessage':
        return this.#postMessage(call.args);
      case 'chat.update':
        return this.#update(call.args);
      case 'chat.delete':
        return this.#delete(call.args);
      case 'chat.postEphemeral':
        return this.#postEphemeral(call.args);
      case 'views.open':
        return this.#openView(call.args);
      case 'views.publish':
        return this.#publishView(call.args);
      case 'users.list':
        return { ok: true, members: [...this.#state.people.keys()].map((user) => this.#person(user, call.baseUrl)) };
      case 'users.info':
        return this.#userInfo(call);
      case 'usergroups.list':
        return { ok: true, usergroups: this.#state.groups };
      case 'conversations.open':
        return { ok: true, channel: { id: this.#state.directChannel(stringOf(call.args['users'])).id } };
      case 'conversations.history':
      case 'conversations.replies':
        return this.#history(call);
      case 'files.getUploadURLExternal':
        return this.#uploadUrl(call);
      case 'files.completeUploadExternal':
        return this.#completeUpload(call.args);
      case 'files.info':
        return this.#fileInfo(call);
      case 'files.delete':
        return this.#state.files.delete(stringOf(call.args['file'])) ? { ok: true } : refuse('file_not_found');
      default:
        return refuse('unknown_method');
    }
  }

  /** A token reaches its own workspace's channels, an organisation's those of all its workspaces. */
  #isReached(team: string, grant: Grant | undefined): boolean {
    return grant === undefined
      ? team === TEAM
      : grant.team === undefined
        ? this.#state.organisations.get(team) === grant.enterprise
        : team === grant.team;
  }

  /** What is wrong with text and blocks, as an answer; undefined when nothing is. */
  contentFault(text: string, blocks: unknown, maxText: number): Json | undefined {
    if (text.length > maxText) {
      return refuse('msg_too_long');
    }
    if (blocks === undefined) {
      return text === '' ? refuse('no_text') : undefined;
    }
    const faults = messageFaults(blocks, (id) => this.#settings.acceptsFileBlocks && this.#state.isShowable(id));
    return faults.length === 0
      ? undefined
      : {
          ok: false,
          error: 'invalid_blocks',
          errors: faults,
          response_metadata: { messages: faults.map((fault) => `[ERROR] ${fault}`) },
        };
  }

  #postMessage(args: ApiCall['args']): Json {
    const named = stringOf(args['channel']);
    // A person's id means the channel between them and the bot.
    const channel = this.#state.people.has(named) ? this.#state.directChannel(named) : this.#state.channels.get(named);
    if (channel === undefined || (channel.kind === 'private' && !channel.hasBot)) {
      return refuse('channel_not_found');
    }
    if (!channel.hasBot && !this.#settings.scopes.has('chat:write.public')) {
      return refuse('not_in_channel');
    }
    const blocks = args['blocks'] === undefined ? undefined : jsonOf(args['blocks']);
    const fault = this.contentFault(stringOf(args['text']), blocks, 40_000);
    if (fault !== undefined) {
      return fault;
    }
    const thread = args['thread_ts'];
    if (thread !== undefined && this.#state.message(channel.id, thread) === undefined) {
      return refuse('thread_not_found');
    }
    const message = this.#state.add({
      channel: channel.id,
      thread,
      text: stringOf(args['text']),
      blocks: records(blocks),
      metadata: args['metadata'] === undefined ? undefined : jsonOf(args['metadata']),
    });
    return { ok: true, channel: channel.id, ts: message.ts, message: messageJson(message, this.#state) };
  }

  #update(args: ApiCall['args']): Json {
    const message = this.#state.message(stringOf(args['channel']), stringOf(args['ts']));
    if (message === undefined || message.onlyFor !== undefined) {
      return refuse('message_not_found');
    }
    if (message.author !== undefined) {
      return refuse('cant_update_message');
    }
    const blocks = args['blocks'] === undefined ? undefined : jsonOf(args['blocks']);
    const fault = this.contentFault(stringOf(args['text']), blocks, 4000);
    if (fault !== undefined) {
      return fault;
    }
    this.#state.edit(message, stringOf(args['text']), records(blocks));
    return { ok: true, channel: message.channel, ts: message.ts, text: message.text };
  }

  #delete(args: ApiCall['args']): Json {
    const message = this.#state.message(stringOf(args['channel']), stringOf(args['ts']));
    if (message === undefined || message.onlyFor !== undefined) {
      return refuse('message_not_found');
    }
    if (message.author !== undefined) {
      return refuse('cant_delete_message');
    }
    this.#state.remove(message);
    return { ok: true, channel: message.channel, ts: message.ts };
  }

  #postEphemeral(args: ApiCall['args']): Json {
    const channel = this.#state.channels.get(stringOf(args['channel']));
    if (channel === undefined || (channel.kind === 'private' && !channel.hasBot)) {
      return refuse('channel_not_found');
    }
    const blocks = args['blocks'] === undefined ? undefined : jsonOf(args['blocks']);
    const fault = this.contentFault(stringOf(args['text']), blocks, 40_000);
    if (fault !== undefined) {
      return fault;
    }
    const message = this.#state.add({
      channel: channel.id,
      text: stringOf(args['text']),
      blocks: records(blocks),
      thread: args['thread_ts'],
      onlyFor: stringOf(args['user']),
    });
    return { ok: true, message_ts: message.ts };
  }

  #openView(args: ApiCall['args']): Json {
    const trigger = this.#state.triggers.get(stringOf(args['trigger_id']));
    if (trigger === undefined) {
      return refuse('invalid_trigger_id');
    }
    if (trigger.isUsed) {
      return refuse('exchanged_trigger_id');
    }
    if (this.#state.now() - trigger.madeAtMs > 3000) {
      return refuse('expired_trigger_id');
    }
    const view = jsonOf(stringOf(args['view']));
    const faults = viewFaults(view);
    if (faults.length > 0 || !isJson(view)) {
      return { ok: false, error: 'invalid_arguments', response_metadata: { messages: faults } };
    }
    trigger.isUsed = true;
    const open = { id: this.#state.id('V'), user: trigger.user, view };
    this.#state.views.push(open);
    return { ok: true, view: { ...view, id: open.id } };
  }

  #publishView(args: ApiCall['args']): Json {
    const home = jsonOf(stringOf(args['view']));
    const user = stringOf(args['user_id']);
    if (!this.#state.people.has(user) || !isJson(home)) {
      return refuse('invalid_arguments');
    }
    const faults = homeFaults(home, (id) => this.#settings.acceptsFileBlocks && this.#state.isShowable(id));
    if (faults.length > 0) {
      return { ok: false, error: 'invalid_arguments', response_metadata: { messages: faults } };
    }
    this.#state.homes.set(user, home);
    this.#state.changed();
    return { ok: true, view: home };
  }

  #userInfo({ args, baseUrl }: ApiCall): Json {
    const user = this.#person(stringOf(args['user']), baseUrl);
    return user === undefined
      ? refuse('user_not_found')
      : { ok: true, user: args['include_locale'] === 'true' ? user : { ...user, locale: undefined } };
  }

  #person(id: string, baseUrl: string): Json | undefined {
    const person = this.#state.people.get(id);
    return person === undefined
      ? undefined
      : {
          id: person.id,
          team_id: person.team,
          name: person.name,
          real_name: person.name,
          profile: { display_name: person.name, image_512: `${baseUrl}/avatars/${person.id}` },
          is_admin: person.isAdmin,
          is_owner: false,
          is_primary_owner: false,
          is_restricted: person.isGuest,
          is_ultra_restricted: false,
          locale: person.locale,
        };
  }

  /** A channel's own messages, newest first; of a thread the one that it began with, and then the oldest first. */
  #history({ args, baseUrl }: ApiCall): Json {
    const oldest = Number(args['oldest'] ?? 0);
    const thread = args['ts'];
    const seen = this.#state.messages
      .in(stringOf(args['channel']))
      .filter((message) => message.onlyFor === undefined && Number(message.ts) >= oldest);
    const found =
      thread === undefined
        ? seen.filter((message) => message.thread === undefined).reverse()
        : seen.filter((message) => message.ts === thread || message.thread === thread);
    if (thread !== undefined && found.length === 0) {
      return refuse('thread_not_found');
    }
    const shown = found.slice(0, Number(args['limit'] ?? 100)).map((message) => ({
      ...messageJson(message, this.#state),
      files: message.files.flatMap((id) => {
        const file = this.#state.files.get(id);
        return file === undefined ? [] : [fileJson(file, baseUrl, this.#state)];
      }),
    }));
    return { ok: true, messages: shown };
  }

  #uploadUrl({ args, baseUrl }: ApiCall): Json {
    const length = Number(args['length']);
    if (stringOf(args['filename']) === '' || !Number.isInteger(length) || length <= 0) {
      return refuse('invalid_arguments');
    }
    if (length > 1_000_000_000) {
      return refuse('file_upload_size_restricted');
    }
    const file: StoredFile = {
      id: this.#state.id('F'),
      name: stringOf(args['filename']),
      alt: args['alt_txt'] ?? args['alt_text'] ?? '',
      length,
      data: undefined,
      isComplete: false,
      processedAtMs: Number.POSITIVE_INFINITY,
      shares: [],
    };
    this.#state.files.set(file.id, file);
    const key = this.#state.id('up');
    this.#state.uploads.set(key, file);
    return { ok: true, file_id: file.id, upload_url: `${baseUrl}/upload/${key}` };
  }

  #completeUpload(args: ApiCall['args']): Json {
    const files = records(jsonOf(stringOf(args['files']))).map((entry) => this.#state.files.get(stringOf(entry['id'])));
    const channel = args['channel_id'] === undefined ? undefined : this.#state.channels.get(args['channel_id']);
    const isWhole = files.every((file) => file?.data !== undefined && file.data.length === file.length);
    if (files.length === 0 || !isWhole) {
      return refuse('file_not_found');
    }
    if (args['channel_id'] !== undefined && (channel === undefined || !channel.hasBot)) {
      return refuse('channel_not_found');
    }
    const blocks = args['initial_comment'] === undefined && args['blocks'] !== undefined ? jsonOf(args['blocks']) : [];
    const fault = this.contentFault('shared', blocks, 40_000);
    if (fault !== undefined) {
      return fault;
    }
    const whole = files.filter((file) => file !== undefined);
    for (const file of whole) {
      file.isComplete = true;
      file.processedAtMs = this.#state.now() + this.#settings.processingMs;
    }
    if (channel !== undefined) {
      this.#later(this.#settings.shareMs, () => {
        const message = this.#state.add({
          channel: channel.id,
          thread: args['thread_ts'],
          text: stringOf(args['initial_comment']),
          blocks: records(blocks),
          files: whole.map((file) => file.id),
        });
        for (const file of whole) {
          file.shares.push({ channel: channel.id, ts: message.ts });
        }
      });
    }
    // The answer says nothing of the message, and its files have no type yet.
    return { ok: true, files: whole.map((file) => ({ id: file.id, title: file.name, mimetype: '' })) };
  }

  #fileInfo({ args, baseUrl }: ApiCall): Json {
    const file = this.#state.files.get(stringOf(args['file']));
    return file === undefined || !file.isComplete
      ? refuse('file_not_found')
      : { ok: true, file: fileJson(file, baseUrl, this.#state) };
  }

  #later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }
}

export function refuse(error: string): Json {
  return { ok: false, error };
}

export function fileJson(file: StoredFile, baseUrl: string, state: State): Json {
  const byChannel = Object.fromEntries(file.shares.map((share) => [share.channel, [{ ts: share.ts }]]));
  return {
    id: file.id,
    name: file.name,
    title: file.name,
    alt_txt: file.alt,
    size: file.length,
    mimetype: state.isProcessed(file.id) ? mimetypeOf(file.name) : '',
    url_private: `${baseUrl}/files-pri/${file.id}/${encodeURIComponent(file.name)}`,
    url_private_download: `${baseUrl}/files-pri/${file.id}/download/${encodeURIComponent(file.name)}`,
    shares: file.shares.length === 0 ? {} : { public: byChannel },
  };
}

export function messageJson(message: StoredMessage, state: State): Json {
  const isHead = state.messages.in(message.channel).some((other) => other.thread === message.ts);
  const thread = message.thread ?? (isHead ? message.ts : undefined);
  return {
    type: 'message',
    ts: message.ts,
    ...(thread === undefined ? {} : { thread_ts: thread }),
    text: message.text,
    blocks: message.blocks,
    user: message.author ?? BOT_USER,
    ...(message.author === undefined ? { bot_id: BOT, app_id: APP } : {}),
    ...(message.files.length === 0 ? {} : { files: message.files.map((id) => ({ id })) }),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
  };
}

function mimetypeOf(name: string): string {
  const ending = name.split('.').at(-1) ?? '';
  return { png: 'image/png', jpg: 'image/jpeg', webp: 'image/webp' }[ending] ?? 'application/octet-stream';
}
