/**
 * A picture on its way into a style: read, checked beside the others, and kept as our own. Of what is not taken it is
 * said why. Knows no form.
 */
import { readUpload, type Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { UserKey } from '../../core/people.ts';
import { checkPicture, wordsOfName } from '../../core/training-pictures.ts';
import { coverPicture, decodePicture, encodePng } from '../../image/index.ts';
import type { Training, TrainingPicture } from '../../store/index.ts';
import type { BotContext } from '../context.ts';

/** Of a kept picture; no model is trained larger. */
const MAX_SIDE = 1024;
/** Of what is looked at: it is in this process's memory as it is opened. */
const MAX_OPENED_SIDE = 4096;

type Taken = { readonly now: Training; readonly refused: readonly UserError[] };

/** Reads, checks and keeps one after the other. Throws `UserError` `store.full`; what was kept before stays. */
export async function takePictures(
  context: BotContext,
  given: Training,
  uploads: readonly Upload[],
  { by, captions }: { readonly by: UserKey; readonly captions: readonly string[] },
): Promise<Taken> {
  let training = given;
  const refused: UserError[] = [];
  for (const [at, upload] of uploads.entries()) {
    try {
      const picture = await context.hands.pictures.during(by, async () => takePicture(context, training, upload));
      const caption = captions[at] || wordsOfName(upload.name.replace(/\.\w{1,5}$/u, ''));
      training = await context.trainings.change(given.id, (now) => ({
        ...now,
        pictures: [...now.pictures, { ...picture, caption, by }],
      }));
    } catch (error) {
      if (!(error instanceof UserError) || error.code === 'store.full') {
        throw error;
      }
      refused.push(error);
    }
  }
  return { now: training, refused };
}

/** Kept as a PNG of our own writing: what a stranger's file holds besides its pixels (a place, a date) is gone. */
async function takePicture(
  { options, stores }: BotContext,
  { pictures, width, height }: Training,
  upload: Upload,
): Promise<Omit<TrainingPicture, 'caption' | 'by'>> {
  const decoded = await decodePicture(await readUpload(upload, options.maxInitBytes), { maxSide: MAX_OPENED_SIDE });
  const others = pictures.map((each) => ({ ...each, digest: each.sha256 }));
  const size = { width, height };
  checkPicture({ ...decoded, name: upload.name, digest: '' }, others, size);
  const shrink = Math.min(1, MAX_SIDE / Math.max(decoded.width, decoded.height));
  const sides = [decoded.width, decoded.height].map((side) => Math.max(1, Math.round(side * shrink)));
  const picture = shrink === 1 ? decoded : await coverPicture(decoded, sides[0] ?? 1, sides[1] ?? 1);
  const { data } = await encodePng(picture);
  const digest = stores.files.hashOf(data);
  checkPicture({ ...decoded, name: upload.name, digest }, others, size);
  await stores.files.keep('training', data, '.png');
  return { sha256: digest, name: upload.name, width: picture.width, height: picture.height };
}
