/**
 * An answer that cannot be delivered as it is, as something less at once: a smaller encoding, then its words with what an
 * admin must do, then a sentence that says it was refused. Waiting changes nothing about such a failure. Knows kinds of
 * failure and messages; no chat.
 */
import type { Log } from '../../bot/index.ts';
import { small } from '../../bot/present/lines.ts';
import { refusal } from '../../bot/refusal.ts';
import { text } from '../../bot/texts/index.ts';
import { UserError } from '../../core/errors.ts';
import type { Message, MessageFile } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { encodeWithin, openOwnPicture } from '../../image/index.ts';
import { failureKind, isFailure, type FailureKind } from './failure.ts';
import { faultMessage } from './fault.ts';

/** A picture is made half as heavy so often before its words go alone. */
const SMALLER_TIMES = 3;
/** Nothing that is still a picture is lighter. */
const LEAST_BYTES = 10_000;

type LessenOptions = { readonly log: Pick<Log, 'error' | 'warn'>; readonly locale: Locale };

/** Sends the message, or the most of it that is taken. Throws what passes, and what refuses even the least. */
export async function sendMost<Result>(
  message: Message,
  send: (message: Message) => Promise<Result>,
  { log, locale }: LessenOptions,
): Promise<Result> {
  let shown = message;
  for (let smaller = 0; ; smaller += 1) {
    try {
      return await send(shown);
    } catch (error) {
      const kind = failureKind(error);
      if (!isFailure(error) || !ENDING.includes(kind)) {
        throw error;
      }
      log.warn({ err: error }, 'an answer is delivered as something less');
      const lighter = kind === 'too-large' && smaller < SMALLER_TIMES ? await halved(shown) : undefined;
      if (lighter === undefined) {
        return sendWords(error.kind, shown, send, { log, locale }, error);
      }
      shown = lighter;
    }
  }
}

/** With its picture and files within so many bytes together, if need be by JPEG; unchanged where that cannot be. */
export async function fittedInto(message: Message, limitBytes: number): Promise<Message> {
  const { picture, files } = message;
  const otherBytes = files.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (picture === undefined || picture.data.byteLength + otherBytes <= limitBytes) {
    return message;
  }
  const room = limitBytes - otherBytes;
  return room < LEAST_BYTES ? message : { ...message, picture: await encodedInto(picture, room) };
}

/** What no later try can change. */
const ENDING: readonly string[] = ['too-large', 'no-files', 'shut-out', 'refused'] satisfies readonly FailureKind[];

async function sendWords<Result>(
  kind: FailureKind,
  message: Message,
  send: (message: Message) => Promise<Result>,
  { log, locale }: LessenOptions,
  refusal: unknown,
): Promise<Result> {
  if (message.picture === undefined && message.files.length === 0) {
    if (kind !== 'refused') {
      throw refusal;
    }
    // Words and buttons alone were refused: a sentence with a number for the operator is the least there is.
    return send({ ...faultMessage(refusal, locale, log), notify: message.notify });
  }
  const note = text(locale, kind === 'too-large' ? 'answer.too-large' : 'answer.no-files');
  const words: Message = { ...message, picture: undefined, files: [], lines: [...message.lines, [small(note)]] };
  try {
    return await send(words);
  } catch (error) {
    if (!isFailure(error, 'refused')) {
      throw error;
    }
    return sendWords(error.kind, words, send, { log, locale }, error);
  }
}

async function halved(message: Message): Promise<Message | undefined> {
  const { picture } = message;
  const bytes = Math.floor((picture?.data.byteLength ?? 0) / 2);
  return picture === undefined || bytes < LEAST_BYTES
    ? undefined
    : { ...message, files: [], picture: await encodedInto(picture, bytes) };
}

async function encodedInto(picture: MessageFile, bytes: number): Promise<MessageFile> {
  const { data, contentType, ending } = await encodeWithin(await openOwnPicture(picture.data), bytes);
  return { ...picture, data, contentType, name: picture.name.replace(/\.\w+$/, ending) };
}

/** What no later try can change, as what its asker or an admin can act on; anything else stays as it is. */
export function explained(error: unknown): unknown {
  switch (failureKind(error)) {
    case 'shut-out':
      return refusal('chat.forbidden', {}, { cause: error });
    case 'too-large':
      return refusal('upload.too-large', {}, { cause: error });
    case 'no-files':
    case 'refused':
      return new UserError('chat.refused', error instanceof Error ? error.message : String(error), { cause: error });
    default:
      return error;
  }
}
