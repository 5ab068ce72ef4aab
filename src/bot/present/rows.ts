/** The buttons under answers, in the order in which hands know them. */
import type { Job } from '../../core/job.ts';
import type { Button, Row } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { encodeButtonId, type JobAction, type PictureAction } from '../button-id.ts';
import { text } from '../texts/index.ts';
import { button } from './lines.ts';

const EMOJI: Readonly<Partial<Record<JobAction, string>>> = {
  reroll: '🔄',
  remix: '✏️',
  info: 'ℹ️',
  delete: '🗑️',
  cancel: '✖️',
  retry: '🔄',
  report: '🚩',
  emoji: '😀',
  share: '📣',
};

export function jobButton(
  job: string,
  action: Exclude<JobAction, 'block'>,
  locale: Locale,
  tone: Button['tone'] = 'normal',
): Button {
  const label = text(locale, `button.${action}`);
  return button(encodeButtonId({ kind: 'job', action, job }), label, { emoji: EMOJI[action], tone });
}

type AnswerMarks = {
  readonly pictures: readonly { readonly grows: boolean; readonly isUsed: boolean }[];
  /** There are no words to draw again. */
  readonly isOfElsewhere: boolean;
};

/**
 * Under a finished answer of `count` pictures. `grows` says of each whether a larger one can be made, `isUsed` whether
 * it has been: that button stays (a second press gives the same picture) and is marked.
 */
export function answerRows(job: Job, locale: Locale, { pictures, isOfElsewhere }: AnswerMarks): readonly Row[] {
  const upscale = pictures.flatMap(({ grows, isUsed }, index) =>
    grows ? [pictureButton(job.id, 'upscale', index, locale, isUsed ? 'primary' : 'normal')] : [],
  );
  const vary = pictures.map((_, index) => pictureButton(job.id, 'vary', index, locale, 'normal'));
  const share = job.isPrivate === true ? [jobButton(job.id, 'share', locale)] : [];
  const reroll = jobButton(job.id, 'reroll', locale);
  const remix = jobButton(job.id, 'remix', locale);
  const last = [
    jobButton(job.id, 'emoji', locale),
    jobButton(job.id, 'info', locale),
    jobButton(job.id, 'delete', locale),
  ];
  if (isOfElsewhere) {
    return [
      [
        ...upscale,
        jobButton(job.id, 'emoji', locale),
        jobButton(job.id, 'info', locale),
        jobButton(job.id, 'delete', locale),
        ...share,
      ],
    ];
  }
  const kin = (['subtle', 'strong'] as const).map((action) => pictureButton(job.id, action, 0, locale, 'normal'));
  return pictures.length === 1
    ? [
        [...upscale, ...vary, reroll, remix, ...share],
        [...kin, ...last],
      ]
    : [
        [...upscale, reroll],
        [...vary, remix],
        [...last, ...share],
      ];
}

function pictureButton(
  job: string,
  action: PictureAction,
  index: number,
  locale: Locale,
  tone: Button['tone'],
): Button {
  const label = text(locale, `button.${action}`, { number: index + 1 });
  return button(encodeButtonId({ kind: 'picture', action, job, index }), label, { tone });
}
