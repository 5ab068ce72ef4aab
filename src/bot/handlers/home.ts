/**
 * The bot's own page in a chat that gives it one: what it is, a person's latest pictures there, the styles, and for admins
 * the panel of `/settings`. Knows no tab and no view.
 */
import type { Home } from '../../core/chat.ts';
import type { Job } from '../../core/job.ts';
import type { Line, Message } from '../../core/message.ts';
import type { Actor, Locale, Place } from '../../core/people.ts';
import { encodeButtonId, type JobAction } from '../button-id.ts';
import type { BotContext } from '../context.ts';
import { promptOf } from '../present/answer.ts';
import { bold, button, code, message, plain, shortPrompt, small } from '../present/lines.ts';
import { stylesMessage } from '../present/styles.ts';
import { stylesOf } from '../styles.ts';
import { text } from '../texts/index.ts';
import { panelHere } from './panel.ts';

const LATEST = 5;
const PICTURE_ACTIONS = ['reroll', 'remix', 'info'] as const satisfies readonly JobAction[];

export async function homeOf(context: BotContext, actor: Actor, place: Place): Promise<Home> {
  const { stores, models } = context;
  const { locale } = actor;
  const settings = await stores.settings.of(place.server);
  const latest = (await stores.jobs.ofUser(actor.user))
    .filter(({ server, state }) => server === place.server && state.kind === 'done' && state.isAnswered)
    .slice(-LATEST)
    .toReversed();
  return {
    about: aboutMessage(locale, latest.length > 0),
    pictures: latest.map((job) => ({ address: job.address, message: pictureMessage(job, locale) })),
    styles: stylesMessage({
      serverName: place.serverName,
      styles: await stylesOf(place.server, stores, models),
      defaultStyle: settings.defaultStyle,
      mine: await stores.people.style(actor.user, place.server),
      locale,
    }),
    settings: actor.isAdmin ? await panelHere(context, { place, settings, locale }) : undefined,
  };
}

function aboutMessage(locale: Locale, hasPictures: boolean): Message {
  const lines: Line[] = [
    [bold(text(locale, 'home.title'))],
    [plain(text(locale, 'home.about'))],
    [code(text(locale, 'help.example-1'))],
    [small(text(locale, 'help.more'))],
    [bold(text(locale, hasPictures ? 'home.pictures' : 'home.no-pictures'))],
  ];
  const draw = button(encodeButtonId({ kind: 'imagine-form' }), text(locale, 'home.draw'), { tone: 'primary' });
  return message({ lines, rows: [[draw]] });
}

function pictureMessage(job: Job, locale: Locale): Message {
  const buttons = PICTURE_ACTIONS.map((action) =>
    button(encodeButtonId({ kind: 'job', action, job: job.id }), text(locale, `button.${action}`)),
  );
  return message({ lines: [[plain(shortPrompt(promptOf(job)))]], rows: [buttons] });
}
