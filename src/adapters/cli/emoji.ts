/** `fourstep emoji`: one picture cut out, trimmed and within a chat's limits. Knows the runner's port and no model. */
import { emojiName } from '../../bot/emoji-name.ts';
import { UserError } from '../../core/errors.ts';
import type { GenerationRequest } from '../../core/request.ts';
import type { Runner } from '../../core/work.ts';
import { checkEnding, checkWritable, writeWhole } from './output-files.ts';

/** What both chats take: Slack's emoji are the smaller in bytes, Discord's stickers are 320 pixels. */
const EMOJI = { sidePx: 128, maxBytes: 128 * 1024 };
const STICKER = { sidePx: 320, maxBytes: 512 * 1024 };

export type EmojiToFile = {
  readonly request: GenerationRequest;
  /** As typed: the name comes from it. */
  readonly prompt: string;
  readonly isSticker: boolean;
  readonly out: string;
  readonly runner: Runner;
  readonly print: (line: string) => void;
  readonly warn: (sentence: string) => void;
  readonly signal: AbortSignal;
};

/** Throws `UserError` `cli.no-ground` where the picture has no plain ground to be cut from. */
export async function emojiToFile(options: EmojiToFile): Promise<void> {
  const { request, prompt, isSticker, out, runner, print, warn, signal } = options;
  checkEnding(out);
  await checkWritable(out);
  for await (const event of runner.run({ kind: 'imagine', id: 'cli', request, previewAfter: [] }, signal)) {
    if (event.kind === 'notice') {
      warn(event.sentence);
    }
    if (event.kind === 'picture') {
      const { cutFromGround, encodeEmoji } = await import('../../image/index.ts');
      const { picture, isUncut } = cutFromGround(event.picture);
      const emoji = isUncut ? undefined : await encodeEmoji(picture, isSticker ? STICKER : EMOJI);
      if (emoji === undefined) {
        throw new UserError(
          'cli.no-ground',
          'Expected a picture on a plain ground, but this one shows a scene. Add "on white" to the words, or try another seed.',
          { params: { seed: event.seed } },
        );
      }
      await writeWhole(out, emoji.data);
      print(`${out}  :${emojiName(prompt)}:  seed ${event.seed}  ${emoji.data.byteLength} bytes`);
    }
  }
}
