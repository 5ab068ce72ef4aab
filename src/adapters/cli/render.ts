/**
 * What the command line prints for a finished picture: one line for people, or one JSON object for programs with the
 * fields that scripts rely on. Pure.
 */
import type { GenerationRequest } from '../../core/request.ts';
import type { PictureMs } from '../../core/work.ts';

export type DrawnFile = { readonly path: string; readonly seed: number; readonly ms: PictureMs };

/** `fox.png  seed 7  243 ms` */
export function renderLine({ path, seed, ms }: DrawnFile): string {
  return `${path}  seed ${seed}  ${Math.round(ms.total)} ms`;
}

/** One JSON object on one line; milliseconds to three digits after the point. */
export function renderJson(request: GenerationRequest, { path, seed, ms }: DrawnFile): string {
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return JSON.stringify({
    path,
    seed,
    prompt: request.prompt,
    negative: request.negative,
    model: request.model,
    styles: request.styles.map(({ id, weight }) => ({ id, weight })),
    steps: request.steps,
    guidance: request.recipe.guidance ?? request.guidance,
    width: request.width,
    height: request.height,
    scheduler: request.recipe.scheduler,
    ms: { text: rounded(ms.text), denoise: rounded(ms.denoise), decode: rounded(ms.decode), total: rounded(ms.total) },
  });
}

/** Commander's complaint about an option as one sentence of ours. */
export function renderUsageError(text: string): string {
  const complaint = text
    .trim()
    .replace(/^error: /, '')
    .replace(/^(option|command-argument value) '.*?' (argument '.*?' )?is invalid[.] (?=Expected )/, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/([^.?!)])$/, '$1.');
  return `fourstep: ${complaint} See fourstep --help, or --help after a command.\n`;
}

/** The text inside our PNG files; the same line that people know from other programs, so that theirs can read it. */
export function renderParameters(request: GenerationRequest, seed: number): string {
  const styles = request.styles.map(({ id, weight }) => `${id}:${weight}`).join(', ');
  const facts = [
    `Steps: ${request.steps}`,
    `Sampler: ${request.recipe.scheduler}`,
    `CFG scale: ${request.guidance}`,
    `Seed: ${seed}`,
    `Size: ${request.width}x${request.height}`,
    `Model: ${request.model}`,
    ...(styles === '' ? [] : [`Style: ${styles}`]),
  ].join(', ');
  const negative = request.negative === '' ? '' : `\nNegative prompt: ${request.negative}`;
  return `${request.prompt}${negative}\n${facts}`;
}
