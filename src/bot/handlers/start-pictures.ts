/** Pictures to start from: attached, at an address, or somebody's own, as `from` names them. */
import type { Upload } from '../../core/command.ts';
import type { UserKey } from '../../core/people.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { keptStart } from '../read-imagine.ts';
import { refusal } from '../refusal.ts';
import type { ResolveContext } from '../resolve.ts';
import type { GenerationRequest, Mask } from '../../core/request.ts';
import { coverPicture, encodePng, openOwnPicture } from '../../image/index.ts';

/** What means one's own picture. */
const OWN = ['me', 'avatar', 'ich', 'mich'];
/** As people name each other in the chats: `<@123>`, `<@!123>`, an id. */
const PERSON = /^(?:<@!?([A-Za-z0-9]+)(?:\|[^>]*)?>|@.+|[UW][A-Z0-9]{6,}|\d{17,20})$/u;

/** Throws `UserError` `image.from`, `image.no-person`, `allowed.avatar`, and what the address is refused for. */
export async function pictureFrom(context: BotContext, asked: RequestContext, from: string): Promise<Upload> {
  const { actor, place, chat, settings } = asked;
  const isOwn = OWN.includes(from.toLowerCase());
  if (!isOwn && !PERSON.test(from)) {
    if (!/^https?:/iu.test(from)) {
      throw refusal('image.from', { given: from });
    }
    return context.pictureAt(from);
  }
  const found = await chat.avatar?.(place.server, isOwn ? actor.user : from);
  if (found === undefined) {
    throw refusal('image.no-person', { given: from });
  }
  if (found.user !== actor.user && settings.avatars !== 'anybody') {
    throw refusal('allowed.avatar');
  }
  return found.picture;
}

export function keepUpload(
  context: BotContext,
  by: UserKey,
  upload: Upload,
  mask?: Upload,
): Promise<NonNullable<ResolveContext['init']>> {
  return keptStart(context, { upload, mask, by }, (png) => context.stores.files.keep('uploads', png, '.png'));
}

/** A request's mask as it lies over a picture drawn by it, which may have been cut to the size drawn. */
export async function maskAsDrawn(
  { stores }: BotContext,
  { mask, width, height }: GenerationRequest,
): Promise<Mask | undefined> {
  const data = mask && (await stores.files.read(mask.file));
  if (data === undefined) {
    return undefined;
  }
  const { data: png } = await encodePng(await coverPicture(await openOwnPicture(data), width, height));
  return { file: await stores.files.keep('uploads', png, '.png') };
}
