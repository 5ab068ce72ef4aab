/** A job as everybody sees it: waiting, being drawn, done, failed, cancelled. */
import type { Job, JobPicture } from '../../core/job.ts';
import type { Line, Message, MessageFile } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import type { Picture } from '../../core/picture.ts';
import { composeGrid, encodeWithin } from '../../image/index.ts';
import type { Notice } from '../jobs/execute-job.ts';
import type { PreviewSource, ProgressView } from '../jobs/progress.ts';
import { formatOrdinal, formatSeconds, noticeText, text } from '../texts/index.ts';
import { bold, message, plain, shortPrompt, small, user } from './lines.ts';
import { parametersOf } from './parameters.ts';
import { answerRows, jobButton } from './rows.ts';

/** An answer this late is looked for no more: it calls who asked. */
const MENTION_AFTER_MS = 14 * 60_000;

/** The first line: the words in bold, and who asked. */
export function headLine(job: Job, locale: Locale): Line {
  const words = shortPrompt(promptOf(job));
  const isForeign = isOfElsewhere(job);
  const empty = text(locale, isForeign ? 'answer.not-ours' : 'answer.empty-prompt');
  return [bold(words === '' ? empty : words), plain(' · '), user(job.user, job.userName)];
}

/** Made larger from a picture that was not drawn here: there are no words. */
export function isOfElsewhere({ work, typed }: Job): boolean {
  return work.kind === 'upscale' && typed?.prompt === '';
}

/** The words as typed. */
export function promptOf(job: Job): string {
  return job.typed?.prompt ?? (job.work.kind === 'imagine' ? job.work.request.prompt : '');
}

export async function progressMessage(job: Job, locale: Locale, view: ProgressView): Promise<Message> {
  const rows = [[jobButton(job.id, 'cancel', locale)]];
  const lines = [headLine(job, locale), [small(progressLine(locale, view))]];
  const picture = view.kind === 'drawing' ? await previewFile(view.preview, locale) : undefined;
  return message({ lines, picture, rows });
}

export type DoneParts = {
  readonly locale: Locale;
  /** In the order of the job's pictures. */
  readonly raw: readonly Picture[];
  readonly notices: readonly Notice[];
  readonly marks: readonly { readonly grows: boolean; readonly isUsed: boolean }[];
  /** How much larger than first drawn; 1 for what is not upscaled. */
  readonly scale: number;
  readonly nowMs: number;
};

export async function doneMessage(job: Job, parts: DoneParts): Promise<Message> {
  const { state } = job;
  if (state.kind !== 'done') {
    throw new TypeError(`expected a job that is done, got ${state.kind}`);
  }
  const { locale, raw, notices, marks, scale, nowMs } = parts;
  const facts = [
    originText(job, locale),
    ...factsOf(job, locale, scale, state.pictures),
    text(locale, 'answer.seconds', { seconds: formatSeconds(locale, state.drawMs) }),
  ].filter((fact) => fact !== '');
  return message({
    lines: [
      headLine(job, locale),
      [small(facts.join(' · '))],
      ...notices.map((notice): Line => [small(noticeText(locale, notice))]),
    ],
    picture: await pictureFile(job, raw, state.pictures, locale),
    rows: answerRows(job, locale, { pictures: marks, isOfElsewhere: isOfElsewhere(job) }),
    notify: nowMs - job.createdAtMs > MENTION_AFTER_MS ? job.user : undefined,
  });
}

/** What went wrong or that it was stopped, and a way to try again. */
export function endedMessage(job: Job, locale: Locale): Message {
  const { state } = job;
  const sentence = state.kind === 'failed' ? state.sentence : text(locale, 'answer.cancelled');
  return message({
    lines: [headLine(job, locale), [plain(sentence)]],
    rows: [[jobButton(job.id, 'retry', locale)]],
  });
}

/** `reroll`, `variation of 2`; '' for what came from a command. */
export function originText(job: Job, locale: Locale): string {
  const { origin } = job;
  switch (origin.kind) {
    case 'command':
      return '';
    case 'reroll':
    case 'remix':
    case 'retry':
      return text(locale, `answer.origin.${origin.kind}`);
    case 'vary':
    case 'upscale':
      return text(locale, `answer.origin.${origin.kind}`, { number: origin.index + 1 });
    default:
      return origin satisfies never;
  }
}

function factsOf(job: Job, locale: Locale, scale: number, pictures: readonly JobPicture[]): readonly string[] {
  const { work } = job;
  const seed = text(locale, 'answer.seed', { seed: String(pictures[0]?.seed ?? 0) });
  switch (work.kind) {
    case 'imagine':
      return [seed, job.styleName, text(locale, 'answer.steps', { steps: work.request.steps })];
    case 'upscale': {
      const { width = 0, height = 0 } = pictures[0] ?? {};
      return [
        text(locale, 'answer.scale', { scale }),
        text(locale, 'answer.size', { width: String(width), height: String(height) }),
      ];
    }
    default:
      return work satisfies never;
  }
}

function progressLine(locale: Locale, view: ProgressView): string {
  switch (view.kind) {
    case 'waiting':
      return text(locale, 'wait.line', {
        place: formatOrdinal(locale, view.ahead + 1),
        seconds: String(Math.max(1, Math.round(view.estimateMs / 1000))),
      });
    case 'again':
      return text(locale, 'wait.again');
    case 'preparing':
      return text(locale, 'wait.preparing');
    case 'drawing':
      return view.preview === undefined
        ? text(locale, 'wait.drawing', { step: view.step, steps: view.steps })
        : `${text(locale, 'wait.preview')} · ${view.step}/${view.steps}`;
    default:
      return view satisfies never;
  }
}

async function previewFile(source: PreviewSource | undefined, locale: Locale): Promise<MessageFile | undefined> {
  if (source === undefined) {
    return undefined;
  }
  const { data, contentType, ending } = await source();
  return { name: `preview${ending}`, contentType, data, alt: text(locale, 'wait.preview'), isSpoiler: false };
}

async function pictureFile(
  job: Job,
  raw: readonly Picture[],
  pictures: readonly JobPicture[],
  locale: Locale,
): Promise<MessageFile> {
  const seed = pictures[0]?.seed ?? 0;
  const { data, contentType, ending } = await encodeWithin(
    composeGrid(raw),
    job.maxUploadBytes,
    parametersOf(job, seed),
  );
  const params = { prompt: shortPrompt(promptOf(job)), seed: String(seed) };
  const alt =
    raw.length === 1
      ? text(locale, 'answer.alt', params)
      : text(locale, 'answer.alt-grid', { ...params, pictures: raw.length });
  return { name: `${fileName(promptOf(job))}-${seed}${ending}`, contentType, data, alt, isSpoiler: false };
}

/** Letters and digits of the first words. */
function fileName(prompt: string): string {
  const words = prompt.toLowerCase().match(/[a-z0-9]+/gu) ?? [];
  return words.slice(0, 6).join('-').slice(0, 40) || 'picture';
}
