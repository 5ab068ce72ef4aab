/**
 * What is said to the bot: a mention in a channel or thread, or a direct message. Threads have no slash commands, so this
 * is how people ask there. Pure; nobody is looked up.
 */
import type { Upload } from '../../core/command.ts';
import { refusal } from '../../bot/refusal.ts';
import { newAddress } from './address.ts';
import { at, listAt, textAt } from './json.ts';
import { type Ask, asked, type ParseOptions, type SlackEvent } from './parse.ts';
import { COMMAND_ROOTS, readSlashCommand } from './parse-command.ts';
import { idOf, type Source } from './payload.ts';

const MENTION = /^(?:\s*<@[A-Z0-9]+(?:\|[^>]*)?>[\s,:]*)+/;

/** Undefined for what nobody said to us: other people's talk, the bot's own messages, edits. */
export function eventFromMessage(body: unknown, { team, nowMs, uploadOf }: ParseOptions): SlackEvent | undefined {
  const event = at(body, 'event');
  const isMention = textAt(event, 'type') === 'app_mention';
  const isDirect = textAt(event, 'type') === 'message' && textAt(event, 'channel_type') === 'im';
  const subtype = textAt(event, 'subtype');
  const [user, channel, ts] = [textAt(event, 'user'), textAt(event, 'channel'), textAt(event, 'ts')];
  const isOfSomebody = textAt(event, 'bot_id') === undefined && (subtype === undefined || subtype === 'file_share');
  if (!(isMention || isDirect) || !isOfSomebody || user === undefined || channel === undefined || ts === undefined) {
    return undefined;
  }
  const thread = textAt(event, 'thread_ts') ?? null;
  const source: Source = {
    // A mention in a direct message comes as both.
    id: idOf('message', channel, ts),
    user,
    userName: user,
    channel,
    thread,
    trigger: undefined,
    responseUrl: null,
  };
  const words = (textAt(event, 'text') ?? '').replace(MENTION, '').trim();
  const ask = askOf(words, pictureIn(listAt(event, 'files'), uploadOf));
  const address = newAddress({ team, channel, thread, user, at: nowMs });
  return { source, isSubmit: false, atMs: nowMs, ask, address, pressed: undefined };
}

/** The workspace has taken the app away, or the bot's own token; which of the two comes first is not said. */
export function isUninstalled(body: unknown): boolean {
  const type = textAt(body, 'event', 'type');
  return type === 'app_uninstalled' || (type === 'tokens_revoked' && listAt(body, 'event', 'tokens', 'bot').length > 0);
}

/** Words are a prompt; a command only with its slash, or by its name alone. */
function askOf(words: string, image: Upload | undefined): Ask {
  const [, root = '', rest = ''] = /^\/?(\S+)\s*(.*)$/s.exec(words) ?? [];
  const isCommand = COMMAND_ROOTS.includes(root.toLowerCase()) && (words.startsWith('/') || rest === '');
  return asked(() => {
    if (words === '' && image === undefined) {
      return { kind: 'action', action: { kind: 'command', name: 'help', options: {} } };
    }
    const { spec, options, isIncomplete } = isCommand
      ? readSlashCommand(root, rest)
      : readSlashCommand('imagine', words);
    if (isIncomplete) {
      throw refusal('form.here', { command: spec.name });
    }
    const withImage = image === undefined || spec.name !== 'imagine' ? options : { ...options, image };
    return { kind: 'action', action: { kind: 'command', name: spec.name, options: withImage } };
  });
}

function pictureIn(files: readonly unknown[], uploadOf: (file: unknown) => Upload): Upload | undefined {
  const file = files.find((each) => (textAt(each, 'mimetype') ?? '').startsWith('image/'));
  return file === undefined ? undefined : uploadOf(file);
}
