/**
 * Pictures on their way into messages: uploaded to Slack once, waited for until Slack has looked at them, and removed
 * when no message shows them any more. Knows files, no messages.
 *
 * Slack processes an upload after it is complete, and until then a block that names the file is refused. Slack gives no
 * flag for the end of it; a `mimetype` that is filled in is the sign that its own people advise.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { MessageFile } from '../../core/message.ts';
import { isRefusal, type Patience, type SlackApi, SlackRefusal } from './api.ts';
import { textAt } from './json.ts';
import { cut, LIMITS } from './limits.ts';
import type { PlacedPicture } from './render.ts';

export type PicturesOptions = {
  readonly api: SlackApi;
  /** Pauses between looks at a file that is being processed, in milliseconds; after the last one we try our luck. */
  readonly processingPausesMs?: readonly number[];
};

const PROCESSING_PAUSES_MS = [100, 200, 300, 500, 700, 1000, 1500, 2000, 2000, 2000];
/** Uploads remembered so that a delivery tried again does not upload again. */
const REMEMBERED = 200;

export class Pictures {
  readonly #api: SlackApi;
  readonly #pausesMs: readonly number[];
  readonly #placed = new Map<string, string>();

  constructor({ api, processingPausesMs = PROCESSING_PAUSES_MS }: PicturesOptions) {
    this.#api = api;
    this.#pausesMs = processingPausesMs;
  }

  /** Uploads the picture for use in a block, unless `standing` shows the same pixels already. */
  async place(
    picture: MessageFile,
    standing: PlacedPicture | undefined,
    options: { readonly patience: Patience; readonly signal?: AbortSignal },
  ): Promise<PlacedPicture> {
    const sum = pictureSum(picture.data);
    if (standing !== undefined && standing.sum === sum) {
      return standing;
    }
    const known = this.#placed.get(sum);
    if (known !== undefined) {
      return { fileId: known, sum };
    }
    const alt = cut(picture.alt, LIMITS.altText);
    const fileId = await this.#api.upload({ data: picture.data, name: picture.name, alt }, {}, options);
    await this.#waitUntilProcessed(fileId, options.signal);
    this.#remember(sum, fileId);
    return { fileId, sum };
  }

  /** Runs `send`; while Slack still refuses the picture in it, waits and runs it again. Throws the last refusal. */
  async whenUsable<Result>(send: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    for (const pauseMs of this.#pausesMs) {
      try {
        return await send();
      } catch (error) {
        if (!isPictureRefusal(error)) {
          throw error;
        }
        await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
      }
    }
    return send();
  }

  /** Removes a file that no message shows any more. A file that cannot be removed is no reason to fail. */
  async discard(fileId: string): Promise<void> {
    for (const [sum, known] of this.#placed) {
      if (known === fileId) {
        this.#placed.delete(sum);
      }
    }
    try {
      await this.#api.call('files.delete', { file: fileId }, { patience: 'once' });
    } catch {
      // Left behind in the app's own files, seen by nobody; the next attempt would fail the same way.
    }
  }

  async #waitUntilProcessed(fileId: string, signal: AbortSignal | undefined): Promise<void> {
    for (const pauseMs of this.#pausesMs) {
      try {
        const info = await this.#api.call('files.info', { file: fileId }, { patience: 'once' });
        if (textAt(info, 'file', 'mimetype') !== undefined) {
          return;
        }
      } catch (error) {
        if (error instanceof SlackRefusal && error.code !== 'file_not_found') {
          // Without files:read nobody tells us; the block is tried until it is accepted.
          return;
        }
      }
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal });
    }
  }

  #remember(sum: string, fileId: string): void {
    this.#placed.set(sum, fileId);
    const oldest = this.#placed.keys().next();
    if (this.#placed.size > REMEMBERED && oldest.done !== true) {
      this.#placed.delete(oldest.value);
    }
  }
}

/** Slack does not (yet) accept the uploaded file in a block. */
export function isPictureRefusal(error: unknown): boolean {
  return (
    isRefusal(error, 'invalid_blocks', 'invalid_slack_file', 'slack_file_not_found', 'file_not_found') &&
    (error.code !== 'invalid_blocks' ||
      error.details.length === 0 ||
      error.details.some((detail) => /slack.?file/i.test(detail)))
  );
}

/** Names the pixels of a picture, in 16 hexadecimal digits. */
export function pictureSum(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 16);
}
