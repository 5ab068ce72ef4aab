/**
 * The button Emoji: one picture of an answer cut out, trimmed and small, into the server's own emoji or stickers where the
 * chat lets the bot add them, else as a file with a line on how. Whoever may add emoji may; what was added can be taken back.
 */
import { EXPRESSION_KINDS, type ExpressionKind, type Expressions } from '../../core/chat.ts';
import type { Fields } from '../../core/command.ts';
import type { Job, JobPicture } from '../../core/job.ts';
import type { Form } from '../../core/message.ts';
import { encodeEmoji, openOwnPicture } from '../../image/index.ts';
import { audit } from '../auditing.ts';
import { type ButtonId, encodeButtonId } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { EMOJI_NAME, emojiName } from '../emoji-name.ts';
import { requireJob, requireShowable } from '../gates.ts';
import { promptOf } from '../present/answer.ts';
import { field, sentences } from '../present/lines.ts';
import { refusal } from '../refusal.ts';
import { answerPrivately, offerUndo, replace } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { pictureAt, pictureFile } from './pictures.ts';

/** What is taken by hand in chats where the bot cannot add it: the smaller of their limits. */
const FILE_FORMS: Expressions['forms'] = {
  emoji: { sidePx: 128, maxBytes: 128 * 1024 },
  sticker: { sidePx: 320, maxBytes: 512 * 1024 },
};

/** Asks for the name, which picture, and emoji or sticker. */
export async function emojiForm(context: BotContext, asked: RequestContext, id: string): Promise<Form> {
  requireMayAdd(asked);
  const job = await requireJob(context, asked, id);
  await requireShowable(context, asked, job);
  if (job.state.kind !== 'done') {
    throw refusal('job.unfinished');
  }
  const { locale } = asked;
  const required = (
    name: 'name' | 'picture' | 'kind',
    value: string,
    maxLength: number,
    of: readonly string[] = [],
  ) => {
    const choices = of.map((each) => ({ value: each, label: each }));
    return field(name, text(locale, `form.emoji.${name}`), { value, isRequired: true, maxLength, choices });
  };
  const numbers = job.state.pictures.map((_, index) => String(index + 1));
  return {
    id: encodeButtonId({ kind: 'job', action: 'emoji', job: id }),
    title: text(locale, 'form.emoji.title'),
    submit: text(locale, 'form.emoji.submit'),
    fields: [
      required('name', emojiName(promptOf(job)), EMOJI_NAME.most),
      ...(numbers.length > 1 ? [required('picture', '1', 1, numbers)] : []),
      required('kind', 'emoji', 7, EXPRESSION_KINDS),
    ],
  };
}

export async function handleEmoji(
  context: BotContext,
  asked: RequestContext,
  id: string,
  fields: Fields,
): Promise<void> {
  requireMayAdd(asked);
  const job = await requireJob(context, asked, id);
  await requireShowable(context, asked, job);
  const { picture, kind, name } = emojiWish(job, fields);
  const file = await pictureFile(context, job, picture);
  const bytes = await context.stores.files.read(file);
  if (bytes === undefined) {
    throw refusal('job.unknown');
  }
  const expressions = isOwnServer(asked) ? asked.chat.expressions : undefined;
  const made = await encodeEmoji(await openOwnPicture(bytes), (expressions?.forms ?? FILE_FORMS)[kind]);
  if (made === undefined) {
    throw refusal('emoji.ground');
  }
  const { locale, place } = asked;
  if (expressions === undefined) {
    const { data } = made;
    await answerPrivately(asked, {
      ...sentences(text(locale, place.platform === 'slack' ? 'emoji.file.slack' : 'emoji.file', { name })),
      files: [{ name: `${name}.png`, contentType: 'image/png', data, alt: promptOf(job), isSpoiler: false }],
    });
    return;
  }
  const added = await expressions.add(place.server, { kind, name, data: made.data });
  const undo = encodeButtonId({ kind: 'take-back', what: kind, id: added.id });
  await offerUndo(asked, text(locale, 'emoji.added', { shown: added.shown }), undo);
  await audit(context, asked, { what: 'emoji', params: { name }, was: '', is: name });
}

export async function takeBack(
  context: BotContext,
  asked: RequestContext,
  { what, id }: Extract<ButtonId, { kind: 'take-back' }>,
): Promise<void> {
  requireMayAdd(asked);
  const { expressions } = asked.chat;
  if (expressions === undefined) {
    throw refusal('button.old');
  }
  await expressions.remove(asked.place.server, what, id);
  await replace(asked, sentences(text(asked.locale, 'emoji.gone')));
  context.log.info({ server: asked.place.server }, 'an emoji was taken back');
}

/** What was filled in. Throws `UserError` `emoji.picture`, `emoji.kind`, `job.unfinished`. */
export function emojiWish(
  job: Job,
  { picture: number = '1', kind: typed = 'emoji', name = '' }: Fields,
): { readonly picture: JobPicture; readonly kind: ExpressionKind; readonly name: string } {
  const count = job.state.kind === 'done' ? job.state.pictures.length : 1;
  const index = Number(number) - 1;
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw refusal('emoji.picture', { count, given: number });
  }
  const kind = EXPRESSION_KINDS.find((each) => each === typed.trim().toLowerCase());
  if (kind === undefined) {
    throw refusal('emoji.kind', { given: typed });
  }
  return { picture: pictureAt(job, index), kind, name: emojiName(name) };
}

/** Throws `UserError` `allowed.emoji`. */
function requireMayAdd({ actor }: RequestContext): void {
  if (!actor.isAdmin && actor.mayAddEmoji !== true) {
    throw refusal('allowed.emoji');
  }
}

/** A direct message has no emoji of its own. */
function isOwnServer({ place }: RequestContext): boolean {
  return !place.server.startsWith(`${place.platform}:dm-`);
}
