/**
 * A payload of any kind → what was asked, where, and where the answer belongs. Pure: nobody is looked up and nothing is
 * sent, so that it is known before the acknowledgement.
 */
import type { Action } from '../../core/chat.ts';
import type { OptionValue, Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import { newAddress, type SlackAddress } from './address.ts';
import { at, textAt } from './json.ts';
import { optionsOf, type Origin, readSubmission, type Submitted, WHERE } from './parse-form.ts';
import {
  type PressedMessage,
  readGlobalShortcut,
  readPress,
  readShortcut,
  readSlash,
  readSubmitter,
  type Source,
} from './payload.ts';
import { type Asked, readSlashCommand, specNamed } from './parse-command.ts';

export type Ask =
  | { readonly kind: 'action'; readonly action: Action }
  /** A command that lacks something: a form asks for it. */
  | {
      readonly kind: 'command-form';
      readonly spec: Asked['spec'];
      readonly options: Readonly<Record<string, OptionValue>>;
    }
  | { readonly kind: 'refused'; readonly error: UserError };

export type SlackEvent = {
  readonly source: Source;
  /** Something was filled in and sent: who may is asked anew. */
  readonly isSubmit: boolean;
  readonly atMs: number;
  readonly ask: Ask;
  /** Where the answer belongs as long as nothing has been posted. */
  readonly address: SlackAddress;
  /** The message of ours that was pressed. */
  readonly pressed: PressedMessage | undefined;
  /** It is asked where the answer belongs, because it came from no channel. */
  readonly asksWhere?: boolean;
};

export type ParseOptions = {
  /** The workspace through which the event came. */
  readonly team: string;
  readonly nowMs: number;
  readonly uploadOf: (file: unknown) => Upload;
};

export function eventFromSlash(body: unknown, { team, nowMs }: ParseOptions): SlackEvent | undefined {
  const payload = readSlash(body);
  if (payload === undefined) {
    return undefined;
  }
  const { source, command, text } = payload;
  const ask = asked(() => {
    const { spec, options, isIncomplete } = readSlashCommand(command, text);
    return isIncomplete
      ? { kind: 'command-form', spec, options }
      : { kind: 'action', action: { kind: 'command', name: spec.name, options } };
  });
  return {
    source,
    isSubmit: false,
    atMs: nowMs,
    ask,
    address: addressOf(source, { team, atMs: nowMs, hookMode: 'command' }),
    pressed: undefined,
  };
}

export function eventFromPress(body: unknown, { team, nowMs }: ParseOptions): SlackEvent | undefined {
  const payload = readPress(body);
  if (payload === undefined) {
    return undefined;
  }
  const { source, action, message } = payload;
  const ask: Ask = { kind: 'action', action };
  const address = addressOf(source, { team, atMs: nowMs, hookMode: 'beside' });
  const isHome = message === undefined;
  return { source, isSubmit: false, atMs: nowMs, ask, address: { ...address, isHome }, pressed: message };
}

export function eventFromShortcut(body: unknown, { team, nowMs, uploadOf }: ParseOptions): SlackEvent | undefined {
  const global = readGlobalShortcut(body);
  if (global !== undefined) {
    const asksForm: Ask = { kind: 'command-form', spec: specNamed('imagine'), options: {} };
    const at = addressOf(global, { team, atMs: nowMs, hookMode: 'command' });
    return {
      source: global,
      isSubmit: false,
      atMs: nowMs,
      ask: asksForm,
      address: at,
      pressed: undefined,
      asksWhere: true,
    };
  }
  const payload = readShortcut(body, team);
  if (payload === undefined) {
    return undefined;
  }
  const { source, action, pictures } = payload;
  const shown = pictures.length === 0 ? {} : { pictures: pictures.map(uploadOf) };
  const ask: Ask = { kind: 'action', action: { ...action, ...shown } };
  const address = addressOf(source, { team, atMs: nowMs, hookMode: 'beside' });
  return { source, isSubmit: false, atMs: nowMs, ask, address, pressed: undefined };
}

export function eventFromSubmission(body: unknown, { team, nowMs, uploadOf }: ParseOptions): SlackEvent | undefined {
  const submitter = readSubmitter(body);
  const read = readSubmission(at(body, 'view'));
  if (submitter === undefined || read === undefined) {
    return undefined;
  }
  const { origin, submitted } = read;
  const source: Source = { ...submitter, ...answeredIn(origin, submitted, body) };
  const ask = asked(() => {
    if (submitted.kind === 'form') {
      const { files: given = {}, ...form } = submitted;
      const files = Object.entries(given).map(([id, list]) => [id, list.map(uploadOf)] as const);
      const picked = files.length === 0 ? {} : { files: Object.fromEntries(files) };
      return { kind: 'action', action: { ...form, ...picked, ...(origin.isEphemeral ? { isPrivate: true } : {}) } };
    }
    const spec = specNamed(submitted.name);
    const options = optionsOf(spec, submitted.values, uploadOf);
    return { kind: 'action', action: { kind: 'command', name: spec.name, options } };
  });
  // The response_url is as old as the event that opened the form.
  const urlAtMs = origin.hook === null || origin.asksWhere ? nowMs : origin.hookAt;
  const address = addressOf(source, { team, atMs: urlAtMs, hookMode: origin.ts === null ? 'command' : 'beside' });
  const { isHome } = origin;
  return { source, isSubmit: true, atMs: nowMs, ask, address: { ...address, isHome }, pressed: pressedIn(origin) };
}

/** Where a form that is opened now comes from. */
export function originOf({ source, atMs, pressed, address, asksWhere = false }: SlackEvent): Origin {
  return {
    channel: source.channel,
    thread: source.thread,
    ts: pressed?.ts ?? null,
    isEphemeral: pressed?.isEphemeral ?? false,
    hook: source.responseUrl,
    hookAt: atMs,
    isHome: address.isHome,
    asksWhere,
  };
}

/** Where the form was opened, or where it says. */
function answeredIn(
  origin: Origin,
  submitted: Submitted,
  body: unknown,
): Pick<Source, 'channel' | 'thread' | 'responseUrl'> {
  const chosen = submitted.kind === 'command' && origin.asksWhere ? submitted.values[WHERE] : undefined;
  return typeof chosen === 'string'
    ? { channel: chosen, thread: null, responseUrl: textAt(body, 'response_urls', 0, 'response_url') ?? null }
    : { channel: origin.channel, thread: origin.thread, responseUrl: origin.hook };
}

function pressedIn(origin: Origin): PressedMessage | undefined {
  return origin.ts === null
    ? undefined
    : { ts: origin.ts, isEphemeral: origin.isEphemeral, picture: undefined, isShare: false };
}

/** What cannot be read is an answer too: why. */
export function asked(read: () => Ask): Ask {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) {
      return { kind: 'refused', error };
    }
    throw error;
  }
}

type Whence = { readonly team: string; readonly atMs: number; readonly hookMode: SlackAddress['hookMode'] };

function addressOf(source: Source, { team, atMs, hookMode }: Whence): SlackAddress {
  const { channel, thread, user, responseUrl: hook } = source;
  return newAddress({ team, channel, thread, user, hook, hookMode, at: atMs });
}
