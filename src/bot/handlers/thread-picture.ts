/** `--from thread`: the picture of the message that the thread began with in which somebody asks. */
import type { Upload } from '../../core/command.ts';
import { pictureNamed } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireJob, requireShowable } from '../gates.ts';
import { refusal } from '../refusal.ts';
import { pictureAt, pictureFile } from './pictures.ts';

const THREAD = ['thread', 'reply', 'faden', 'antwort'];

export function isOfThread(from: string): boolean {
  return THREAD.includes(from.toLowerCase());
}

/** Throws `UserError` `image.no-thread`, `image.none-there`, and for one of ours what its buttons would refuse. */
export async function threadPicture(context: BotContext, asked: RequestContext): Promise<Upload> {
  const head = await asked.chat.threadHead?.(asked.address);
  if (head === undefined) {
    throw refusal('image.no-thread');
  }
  const own = pictureNamed(head.buttonIds);
  if (own !== undefined) {
    const data = await ownPicture(context, asked, own.job, own.index);
    return {
      name: 'picture.png',
      sizeBytes: data.byteLength,
      stream: async function* () {
        yield data;
      },
    };
  }
  const [picture] = head.pictures;
  if (picture === undefined) {
    throw refusal('image.none-there');
  }
  return picture;
}

/** The bytes of a picture of ours, where it may be shown. Throws `UserError` `job.*`, `allowed.*`, `safety.*`. */
export async function ownPicture(
  context: BotContext,
  asked: RequestContext,
  id: string,
  index: number,
): Promise<Uint8Array> {
  const job = await requireJob(context, asked, id);
  await requireShowable(context, asked, job);
  const data = await context.stores.files.read(await pictureFile(context, job, pictureAt(job, index)));
  if (data === undefined) {
    throw refusal('job.unknown');
  }
  return data;
}
