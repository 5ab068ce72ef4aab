/** Every parameter of a picture, for the asker alone. */
import type { Job } from '../../core/job.ts';
import type { Line, Message } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { recipeNote } from '../../core/recipes.ts';
import type { GenerationRequest } from '../../core/request.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import type { Models } from '../ports.ts';
import { formatNumber, text, type TextKey } from '../texts/index.ts';
import { promptOf } from './answer.ts';
import { bold, code, message, plain, shortPrompt, small, textFile, user } from './lines.ts';
import { jobButton } from './rows.ts';

type InfoParts = {
  readonly job: Job;
  /** The job with the words; undefined where it is no longer kept. */
  readonly root: Job | undefined;
  /** The command that draws it again; '' where the words are no longer kept. */
  readonly again: string;
  readonly models: Models;
  readonly locale: Locale;
};

/** Words longer than this stand in a file: with them the parameters would not fit into every chat's message. */
const MAX_WORDS = 600;

export function infoMessage({ job, root, again, models, locale }: InfoParts): Message {
  const isLong = again.length > MAX_WORDS;
  const prompt = promptOf(root ?? job);
  const lines: Line[] = [
    [bold(text(locale, 'info.title')), plain(' · '), small(text(locale, 'info.job', { job: job.id }))],
    [
      bold(text(locale, 'info.by')),
      plain(' '),
      user(job.user, job.userName),
      plain(' · '),
      { kind: 'time', atMs: job.createdAtMs },
    ],
    fact(locale, 'info.prompt', isLong ? shortPrompt(prompt) : prompt),
  ];
  if (root?.work.kind === 'imagine') {
    const { request } = root.work;
    const seeds = request.count === 1 ? String(request.seed) : `${request.seed} … ${request.seed + request.count - 1}`;
    lines.push(
      fact(locale, 'info.negative', shortPrompt(request.negative) || '–'),
      fact(locale, 'info.model', modelOf(models, request.model)?.manifest.name ?? request.model),
      fact(locale, 'info.style', styleText(root, locale)),
      fact(locale, 'info.seed', seeds),
      fact(locale, 'info.steps', formatNumber(locale, request.steps)),
      fact(locale, 'info.guidance', formatNumber(locale, request.guidance)),
      fact(locale, 'info.size', `${request.width} × ${request.height}`),
      fact(locale, 'info.scheduler', request.recipe.scheduler),
      ...acceleratorLines(request, locale),
    );
    if (request.variation !== undefined) {
      lines.push([plain(text(locale, 'info.variation', { amount: request.variation.amount }))]);
    }
    if (request.init !== undefined) {
      lines.push([plain(text(locale, 'info.init', { strength: request.init.strength }))]);
    }
    if (request.mask !== undefined) {
      lines.push([plain(text(locale, 'info.mask'))]);
    }
  }
  if (job.work.kind === 'upscale') {
    lines.push([plain(text(locale, 'info.scale', { scale: job.work.request.scale }))]);
  }
  if (again !== '') {
    lines.push([small(text(locale, isLong ? 'info.again-file' : 'info.again'))], ...(isLong ? [] : [[code(again)]]));
  }
  const files = isLong ? [textFile('prompt.txt', 'text/plain', `${again}\n`)] : [];
  return message({ lines, files, rows: [[jobButton(job.id, 'report', locale, 'danger')]] });
}

function fact(locale: Locale, key: TextKey, value: string): Line {
  return [bold(text(locale, key)), plain(` ${value}`)];
}

/** Which accelerator, how it is stepped, and a licence that people should know of. */
function acceleratorLines({ accelerator, recipe: { name } }: GenerationRequest, locale: Locale): readonly Line[] {
  if (name === undefined) {
    return [];
  }
  const id = accelerator.kind === 'model' && accelerator.id !== undefined ? `${accelerator.id} · ` : '';
  return [fact(locale, 'info.accelerator', `${id}${recipeNote(name)}`)];
}

function styleText(job: Job, locale: Locale): string {
  if (job.work.kind !== 'imagine' || job.styleName === '') {
    return text(locale, 'info.none');
  }
  const weight = job.work.request.styles[0]?.weight;
  return weight === undefined ? job.styleName : `${job.styleName} (${formatNumber(locale, weight)})`;
}
