/**
 * Pictures on their way into messages: uploaded to Slack once, waited for until Slack has looked at them, and removed
 * when no message shows them any more. Knows files, no messages.
 *
 * Slack processes an upload after it is complete, and until then a block that names the file is refused. Slack gives no
 * flag for the end of it; a `mimetype` that is filled in is the sign that its own people advise.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Message, MessageFile } from '../../core/message.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { cut } from '../shared/cut.ts';
import { isFailure } from '../shared/failure.ts';
import type { Patience, SlackClient } from './client.ts';
import { textAt } from './json.ts';
import { LIMITS } from './limits.ts';
import { type PlacedPicture, type RenderedMessage, renderMessage } from './render.ts';

export type PicturesOptions = {
  readonly client: SlackClient;
  /** Pauses between looks at a file that is being processed, in milliseconds; after the last one we try our luck. */
  readonly processingPausesMs?: readonly number[] | undefined;
};

const PROCESSING_PAUSES_MS = [100, 200, 300, 500, 700, 1000, 1500, 2000, 2000, 2000];
const PREVIEW_LOOKS = 4;
/** Once Slack has said that a file is processed, a block with it is taken soon or never. */
const RETRIES_WHEN_PROCESSED = 5;
/** Uploads remembered so that a delivery tried again does not upload again. */
const REMEMBERED = 200;

export class Pictures {
  readonly #client: SlackClient;
  readonly #pausesMs: readonly number[];
  readonly #placed = new BoundedMap<string, string>({ maxCost: REMEMBERED });
  /** The workspace seems to take no uploads in blocks at all. */
  #isRefusing = false;
  #isTold = false;

  constructor({ client, processingPausesMs = PROCESSING_PAUSES_MS }: PicturesOptions) {
    this.#client = client;
    this.#pausesMs = processingPausesMs;
  }

  /**
   * Uploads the picture for use in a block, unless `standing` shows the same pixels already. Each delivery has a file of
   * its own, so that deleting one message takes nothing from another; the same delivery tried again finds its file.
   */
  async place(
    picture: MessageFile,
    standing: PlacedPicture | undefined,
    options: { readonly key: string; readonly patience: Patience; readonly signal?: AbortSignal },
  ): Promise<PlacedPicture> {
    const sum = pictureSum(picture.data);
    if (standing !== undefined && standing.sum === sum) {
      return standing;
    }
    const memory = `${options.key}/${sum}`;
    const known = this.#placed.get(memory);
    if (known !== undefined) {
      return { fileId: known, sum };
    }
    const alt = cut(picture.alt, LIMITS.altText);
    const fileId = await this.#client.upload({ data: picture.data, name: picture.name, alt }, {}, options);
    try {
      await this.#waitUntilProcessed(fileId, options);
    } catch (error) {
      await this.discard(fileId);
      throw error;
    }
    this.#placed.set(memory, fileId);
    return { fileId, sum };
  }

  /** Runs `send` with the message as it looks with its picture, which is uploaded for it; what it gives, and the picture. */
  async show<Result>(
    message: Message,
    standing: PlacedPicture | undefined,
    key: string,
    send: (rendered: RenderedMessage) => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly picture: PlacedPicture | undefined }> {
    if (message.picture === undefined) {
      return { result: await send(renderMessage(message, undefined)), picture: undefined };
    }
    const picture = await this.place(message.picture, standing, { key, patience: 'patient' });
    try {
      return { result: await this.#whenUsable(async () => send(renderMessage(message, picture))), picture };
    } catch (error) {
      if (isFailure(error, 'gone') && picture.fileId !== standing?.fileId) {
        await this.discard(picture.fileId);
      }
      throw error;
    }
  }

  /**
   * Runs `send`; while Slack still refuses the picture in it, waits and runs it again. Throws the last refusal; once it
   * had to, it waits no more until a picture is accepted again.
   */
  async #whenUsable<Result>(send: () => Promise<Result>): Promise<Result> {
    for (const pauseMs of this.#isRefusing ? [] : this.#retryPausesMs) {
      try {
        return await send();
      } catch (error) {
        if (!isPictureRefusal(error)) {
          throw error;
        }
        await sleep(pauseMs);
      }
    }
    try {
      const result = await send();
      this.#isRefusing = false;
      return result;
    } catch (error) {
      this.#isRefusing ||= isPictureRefusal(error);
      throw error;
    }
  }

  /** Removes a file that no message shows any more. A file that cannot be removed is no reason to fail. */
  async discard(fileId: string): Promise<void> {
    this.#placed.deleteWhere((known) => known === fileId);
    try {
      await this.#client.call('files.delete', { file: fileId }, { patience: 'once' });
    } catch {
      // Left behind in the app's own files, seen by nobody; the next attempt would fail the same way.
    }
  }

  /** Whether Slack tells when files are processed decides how long it is worth trying. */
  get #retryPausesMs(): readonly number[] {
    return this.#isTold ? this.#pausesMs.slice(0, RETRIES_WHEN_PROCESSED) : this.#pausesMs;
  }

  async #waitUntilProcessed(
    fileId: string,
    { patience, signal }: { readonly patience: Patience; readonly signal?: AbortSignal },
  ): Promise<void> {
    // The answer waits behind a preview, so a preview does not wait long for Slack.
    const looks = patience === 'once' ? PREVIEW_LOOKS : this.#pausesMs.length;
    for (const pauseMs of this.#pausesMs.slice(0, looks)) {
      try {
        const info = await this.#client.call('files.info', { file: fileId }, { patience: 'once' });
        if (textAt(info, 'file', 'mimetype') !== undefined) {
          this.#isTold = true;
          return;
        }
      } catch (error) {
        if (isFailure(error) && error.kind !== 'passing' && error.code !== 'file_not_found') {
          // Without files:read nobody tells us; the block is tried until it is accepted.
          return;
        }
      }
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    }
  }
}

const PICTURE_CODES = ['invalid_blocks', 'invalid_slack_file', 'slack_file_not_found', 'file_not_found'];

/** Slack does not (yet) accept the uploaded file in a block. */
export function isPictureRefusal(error: unknown): boolean {
  return (
    isFailure(error, 'refused') &&
    PICTURE_CODES.includes(error.code) &&
    (error.code !== 'invalid_blocks' ||
      error.details.length === 0 ||
      error.details.some((detail) => /slack.?file/i.test(detail)))
  );
}

/** Names the pixels of a picture, in 16 hexadecimal digits. */
export function pictureSum(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}
