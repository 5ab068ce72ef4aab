/**
 * The form that asks for a style's pictures and for the word that they may be used. What is to be learnt is kept from
 * here on, so that the form's answer finds it. Takes nothing in.
 */
import { checkOptions } from '../../../commands/check.ts';
import { styleTrain } from '../../../commands/style.ts';
import type { Given } from '../../core/command.ts';
import type { Form } from '../../core/message.ts';
import { MOST_PICTURES } from '../../core/training-pictures.ts';
import type { Training } from '../../store/index.ts';
import { encodeButtonId } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireAdmin, requireDrawable } from '../gates.ts';
import { modelWished, requireRoomFor } from '../handlers/new-style.ts';
import { styleName } from '../handlers/styles.ts';
import { randomId } from '../jobs/ids.ts';
import { field } from '../present/lines.ts';
import { refusal } from '../refusal.ts';
import { stylesOf } from '../styles.ts';
import { text } from '../texts/index.ts';
import { ownTraining } from './own-training.ts';

/** The most that one form takes. */
export const PER_FORM = 10;
/** Styles that a server may have in the making at once. */
export const MAX_OPEN = 4;

/** The form of `/style train`; what is learnt is kept from here on, so that the form's answer finds it. */
export async function trainForm(context: BotContext, asked: RequestContext, given: Given): Promise<Form> {
  requireAdmin(asked.actor);
  const wanted = checkOptions(styleTrain, given);
  const { stores, options, models, random, clock } = context;
  const { server } = asked.place;
  const open = (await stores.trainings.of(server)).filter(({ by }) => by === asked.actor.user);
  const known = open.find(({ name }) => name.toLowerCase() === wanted.name.trim().toLowerCase());
  if (known !== undefined && (known.state.kind === 'collecting' || known.state.kind === 'kept')) {
    return formOf(known, asked, known.address === undefined || known.state.kind === 'kept' ? 'new' : 'more');
  }
  const styles = await stylesOf(server, stores, models);
  const name = styleName(wanted.name, styles);
  requireRoomFor(styles, options);
  const inTheMaking = (await stores.trainings.of(server)).filter(({ address }) => address !== undefined);
  if (inTheMaking.length >= MAX_OPEN) {
    throw refusal('train.open', { max: MAX_OPEN, styles: inTheMaking.map((each) => each.name).join(', ') });
  }
  requireDrawable(context, asked, `${name} ${wanted.trigger ?? ''}`, []);
  const model = modelWished(context, asked, wanted.model);
  const { width, height } = model.manifest.defaults;
  const training: Training = {
    version: 1,
    id: randomId(random),
    server,
    serverName: asked.place.serverName,
    isNsfwChannel: asked.place.isNsfw,
    locale: asked.locale,
    name,
    trigger: wanted.trigger?.trim() ?? '',
    model: model.manifest.id,
    base: model.fingerprint,
    width,
    height,
    by: asked.actor.user,
    byName: asked.actor.name,
    createdAtMs: clock.now(),
    seed: random.uint32(),
    rounds: 1,
    pictures: [],
    keepsPictures: false,
    deviceMs: 0,
    state: { kind: 'collecting' },
  };
  await stores.trainings.save(training);
  return formOf(training, asked, 'new');
}

/** The form that a training's own message opens. */
export async function moreForm(context: BotContext, asked: RequestContext, id: string): Promise<Form> {
  return formOf(await ownTraining(context, asked, id, ['collecting']), asked, 'more');
}

function formOf(training: Training, { locale }: RequestContext, action: 'new' | 'more'): Form {
  const left = MOST_PICTURES - training.pictures.length;
  if (left === 0) {
    throw refusal('train.full', { most: MOST_PICTURES });
  }
  const maxPictures = Math.min(PER_FORM, left);
  return {
    id: encodeButtonId({ kind: 'training', action, training: training.id }),
    title: text(locale, 'form.training.title', { style: training.name }),
    submit: text(locale, 'form.training.submit'),
    fields: [
      field('pictures', text(locale, 'form.training.pictures', { max: maxPictures }), {
        isRequired: true,
        maxLength: 0,
        maxPictures,
      }),
      field('word', text(locale, 'form.training.word'), { isRequired: true, maxLength: 200 }),
      field('captions', text(locale, 'form.training.captions'), { maxLength: 2000, isMultiline: true }),
    ],
  };
}
