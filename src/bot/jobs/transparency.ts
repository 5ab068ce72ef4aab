/**
 * The transparent ground of a job's pictures: the engine draws on a plain one, and here it is taken away. An enlargement
 * is as transparent as the picture that it was made from.
 */
import type { JobWork } from '../../core/job.ts';
import type { Picture } from '../../core/picture.ts';
import type { WorkEvent } from '../../core/work.ts';
import { cutFromGround, openOwnPicture, transparentLike } from '../../image/index.ts';
import type { Stores } from '../../store/index.ts';

type Notice = Extract<WorkEvent, { kind: 'notice' }>;

/** For a picture that was to be transparent and shows no plain ground. */
export const NO_PLAIN_GROUND: Notice = {
  kind: 'notice',
  code: 'alpha.ground',
  sentence: 'The picture shows no plain ground that could be made transparent.',
  params: {},
};

export async function withTransparency(
  work: JobWork,
  picture: Picture,
  files: Pick<Stores['files'], 'read'>,
): Promise<{ readonly picture: Picture; readonly notice: Notice | undefined }> {
  if (work.kind === 'upscale') {
    const source = await files.read(work.request.file);
    return {
      picture: source === undefined ? picture : await transparentLike(picture, await openOwnPicture(source)),
      notice: undefined,
    };
  }
  if (!work.request.alpha) {
    return { picture, notice: undefined };
  }
  const { picture: cut, isUncut } = cutFromGround(picture);
  return { picture: cut, notice: isUncut ? NO_PLAIN_GROUND : undefined };
}
