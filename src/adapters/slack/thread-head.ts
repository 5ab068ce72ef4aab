/**
 * The message that a thread began with, as what it shows: looked at only where somebody asks for its picture. Slack lets
 * an app read a thread by the scope of its kind of channel (`channels:history` and its like), which may not be given.
 */
import type { ShownMessage } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import { refusal } from '../../bot/refusal.ts';
import { isFailure } from '../shared/failure.ts';
import type { SlackAddress } from './address.ts';
import type { SlackClient, SlackResult } from './client.ts';
import { listAt, textAt } from './json.ts';
import { buttonIdsOf } from './render.ts';

/** Undefined outside of threads, and where the message is gone. Throws `UserError` `image.thread-closed`. */
export async function threadHead(
  client: SlackClient,
  { channel, thread }: Pick<SlackAddress, 'channel' | 'thread'>,
  uploadOf: (file: unknown) => Upload,
): Promise<ShownMessage | undefined> {
  if (thread === null) {
    return undefined;
  }
  const found = listAt(await repliesOf(client, channel, thread), 'messages').find(
    (message) => textAt(message, 'ts') === thread,
  );
  const pictures = listAt(found, 'files').filter((file) => (textAt(file, 'mimetype') ?? '').startsWith('image/'));
  return found === undefined
    ? undefined
    : { buttonIds: buttonIdsOf(listAt(found, 'blocks')), pictures: pictures.map(uploadOf) };
}

async function repliesOf(client: SlackClient, channel: string, thread: string): Promise<SlackResult | undefined> {
  try {
    // The first of them is always the one that the thread began with.
    return await client.call('conversations.replies', { channel, ts: thread, limit: 1 }, { patience: 'brief' });
  } catch (error) {
    if (isFailure(error, 'gone')) {
      return undefined;
    }
    if (isFailure(error, 'refused', 'shut-out')) {
      throw refusal('image.thread-closed', {}, { cause: error });
    }
    throw error;
  }
}
