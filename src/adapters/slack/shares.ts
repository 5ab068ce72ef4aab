/**
 * Files shared into a conversation: downloads under an answer, and the way out for workspaces that refuse an uploaded
 * picture in a block: the file itself becomes the message, with the words and buttons as its blocks. Its `ts` is known
 * only when Slack has made the message, so it is looked up in the file's shares.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import type { Message, MessageFile } from '../../core/message.ts';
import type { SlackAddress } from './address.ts';
import { isFailure } from '../shared/failure.ts';
import type { SlackClient } from './client.ts';
import { at, isRecord, listAt, textAt } from './json.ts';
import { pictureSum } from './pictures.ts';
import { type Spot } from './posts.ts';
import { renderMessage } from './render.ts';

const LOOKS_MS = [200, 300, 500, 800, 1000, 1500, 2000, 3000];

export class Shares {
  readonly #client: SlackClient;
  readonly #pausesMs: readonly number[];

  constructor(client: SlackClient, pausesMs: readonly number[] = LOOKS_MS) {
    this.#client = client;
    this.#pausesMs = pausesMs;
  }

  /** True where the shared message shows these very pixels. */
  isStanding(address: SlackAddress, picture: MessageFile): boolean {
    return address.fileSum === pictureSum(picture.data);
  }

  /** Shares the picture with the message's words and buttons as one message in the address's place. */
  async share(address: SlackAddress, message: Message, picture: MessageFile): Promise<SlackAddress> {
    const { blocks } = renderMessage({ ...message, picture: undefined }, undefined);
    const fileId = await this.#client.upload(
      { data: picture.data, name: picture.name, alt: picture.alt },
      {
        channel_id: address.channel,
        ...(address.thread === null ? {} : { thread_ts: address.thread }),
        blocks,
      },
      { patience: 'patient' },
    );
    return {
      ...address,
      ts: await this.#findTs(fileId, address.channel),
      isPlaceholder: false,
      isShare: true,
      file: fileId,
      fileSum: pictureSum(picture.data),
    };
  }

  /** Offers files for download in the thread of a message. */
  async offer(spot: Spot, files: readonly MessageFile[]): Promise<void> {
    for (const file of files) {
      await this.#client.upload(
        { data: file.data, name: file.name, alt: file.alt },
        { channel_id: spot.channel, ...(spot.thread === null ? {} : { thread_ts: spot.thread }) },
        { patience: 'patient' },
      );
    }
  }

  async #findTs(fileId: string, channel: string): Promise<string | null> {
    for (const pauseMs of this.#pausesMs) {
      await sleep(pauseMs);
      try {
        const info = await this.#client.call('files.info', { file: fileId }, { patience: 'once' });
        const shares = at(info, 'file', 'shares');
        for (const kind of isRecord(shares) ? Object.keys(shares) : []) {
          const ts = textAt(listAt(shares, kind, channel)[0], 'ts');
          if (ts !== undefined) {
            return ts;
          }
        }
      } catch (error) {
        if (isFailure(error) && error.kind !== 'passing') {
          return null;
        }
      }
    }
    return null;
  }
}
