/** The one message of a style in the making, while its pictures are gathered and while it is learnt. Pure. */
import type { Line, Message, MessageFile, Row } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { FEWEST_PICTURES, MOST_PICTURES } from '../../core/training-pictures.ts';
import type { Training } from '../../store/index.ts';
import { encodeButtonId, type TrainingAction } from '../button-id.ts';
import { bold, button, message, plain, small } from '../present/lines.ts';
import { text } from '../texts/index.ts';

/** How far a style has been learnt. */
export type LearningView =
  | { readonly kind: 'waiting'; readonly ahead: number }
  | { readonly kind: 'begun' }
  | { readonly kind: 'learning'; readonly step: number; readonly steps: number; readonly secondsLeft: number };

type Around = { readonly notes: readonly string[]; readonly travelsTo: string | undefined };

export function collectingMessage(training: Training, locale: Locale, { notes, travelsTo }: Around): Message {
  const { name, pictures, keepsPictures, model, trigger } = training;
  const missing = FEWEST_PICTURES - pictures.length;
  const people = new Set(pictures.map(({ by }) => by)).size;
  const lines: Line[] = [
    [
      bold(text(locale, 'training.title', { style: name })),
      plain(' '),
      small(trigger === '' ? model : `${model} · ${trigger}`),
    ],
    [plain(text(locale, 'training.count', { count: pictures.length, people, most: MOST_PICTURES }))],
    ...notes.map((note): Line => [plain(note)]),
    [plain(missing > 0 ? text(locale, 'training.missing', { missing }) : text(locale, 'training.ready'))],
    [
      small(
        travelsTo === undefined
          ? text(locale, 'training.stays')
          : text(locale, 'training.travels', { host: travelsTo }),
      ),
    ],
    [small(text(locale, keepsPictures ? 'training.kept' : 'training.goes'))],
  ];
  const full = pictures.length >= MOST_PICTURES;
  const rows: Row[] = [
    [
      ...(full ? [] : [press(training, 'more', locale)]),
      ...(missing > 0 ? [] : [press(training, 'start', locale, 'primary')]),
      press(training, 'drop', locale, 'danger'),
    ],
  ];
  return message({ lines, rows });
}

export function learningMessage(
  training: Training,
  locale: Locale,
  view: LearningView,
  picture: MessageFile | undefined,
): Message {
  const lines: Line[] = [
    [bold(text(locale, 'training.title', { style: training.name }))],
    [plain(viewText(view, locale))],
    ...(picture === undefined ? [] : [[small(text(locale, 'training.so-far'))]]),
  ];
  return message({ lines, picture, rows: [[press(training, 'stop', locale)]] });
}

function viewText(view: LearningView, locale: Locale): string {
  switch (view.kind) {
    case 'waiting':
      return text(locale, 'training.waiting', { ahead: view.ahead });
    case 'begun':
      return text(locale, 'training.begun');
    case 'learning': {
      const { step, steps, secondsLeft } = view;
      const done = Math.round((10 * step) / steps);
      const bar = '▰'.repeat(done) + '▱'.repeat(10 - done);
      return `${bar} ${text(locale, 'training.learning', { step, steps, left: timeText(secondsLeft, locale) })}`;
    }
    default:
      return view satisfies never;
  }
}

/** `40 s`, `3 min`, `1 h 5 min` */
export function timeText(seconds: number, locale: Locale): string {
  const whole = Math.max(1, Math.ceil(seconds));
  if (whole < 90) {
    return text(locale, 'training.seconds', { seconds: whole });
  }
  const minutes = Math.round(whole / 60);
  return minutes < 60
    ? text(locale, 'training.minutes', { minutes })
    : text(locale, 'training.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

function press(
  { id }: Training,
  action: TrainingAction,
  locale: Locale,
  tone: 'normal' | 'primary' | 'danger' = 'normal',
) {
  const label = text(locale, `button.training-${action === 'new' ? 'more' : action}`);
  return button(encodeButtonId({ kind: 'training', action, training: id }), label, { tone });
}
