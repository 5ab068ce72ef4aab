/** Pictures come in, by the form or by the menu on somebody's message, and the training's message says what there is. */
import type { Action } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import type { Training } from '../../store/index.ts';
import { audit } from '../auditing.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireAdmin, requireDrawable } from '../gates.ts';
import { refusal } from '../refusal.ts';
import { sayPrivately } from '../speaking.ts';
import { errorText, text } from '../texts/index.ts';
import { PER_FORM } from './form.ts';
import { ownTraining, showCollecting } from './own-training.ts';
import { takePictures } from './take-pictures.ts';

/** The form came back: good pictures are kept, and of the others it is said why they are not. */
export async function handleTrainForm(
  context: BotContext,
  asked: RequestContext,
  id: string,
  given: {
    readonly fields: Readonly<Record<string, string>>;
    readonly files: Readonly<Record<string, readonly Upload[]>>;
  },
): Promise<void> {
  const training = await ownTraining(context, asked, id, ['collecting', 'kept']);
  const word = (given.fields['word'] ?? '').trim();
  if (word === '') {
    throw refusal('train.word');
  }
  const captions = (given.fields['captions'] ?? '').split('\n').map((line) => line.trim());
  requireDrawable(context, asked, captions.join(' '), []);
  const uploads = (given.files['pictures'] ?? []).slice(0, PER_FORM);
  const { user } = asked.actor;
  const { now, refused } = await takePictures(context, training, uploads, { by: user, captions });
  await auditWord(context, asked, { training, word, count: now.pictures.length - training.pictures.length });
  const notes = refused.map((error) => errorText(asked.locale, error));
  await showCollecting(context, asked, { ...now, state: { kind: 'collecting' } }, notes);
}

/** "Add to a style's pictures" on a message: to the style that this admin gathers pictures for. */
export async function handleMessagePictures(
  context: BotContext,
  asked: RequestContext,
  { pictures = [], author }: Extract<Action, { kind: 'message' }>,
): Promise<void> {
  requireAdmin(asked.actor);
  const { user } = asked.actor;
  const open = (await context.stores.trainings.of(asked.place.server)).filter(
    ({ by, state, address }) => by === user && state.kind === 'collecting' && address !== undefined,
  );
  const [latest] = open.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  if (latest === undefined) {
    throw refusal('train.none');
  }
  if (pictures.length === 0) {
    throw refusal('train.no-pictures');
  }
  const { now, refused } = await takePictures(context, latest, pictures, { by: author ?? user, captions: [] });
  const count = now.pictures.length;
  const added = count - latest.pictures.length;
  const word = text('en', 'training.by-menu', { person: author ?? user });
  await auditWord(context, asked, { training: latest, word, count: added });
  await showCollecting(context, asked, now, []);
  await sayPrivately(
    asked,
    text(asked.locale, 'training.added', { added, style: latest.name, count }),
    ...refused.map((error) => errorText(asked.locale, error)),
  );
}

async function auditWord(
  context: BotContext,
  asked: RequestContext,
  { training, word, count }: { readonly training: Training; readonly word: string; readonly count: number },
): Promise<void> {
  if (count > 0) {
    const params = { style: training.name, pictures: String(count), word };
    await audit(context, asked, { what: 'style-train', params, was: '', is: '' });
  }
}
