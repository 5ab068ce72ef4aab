/**
 * `fourstep imagine`: a determined request to files. Every picture is written whole as it comes and printed as one line;
 * knows the runner's port and no model.
 */
import type { GenerationRequest } from '../../core/request.ts';
import type { Runner } from '../../core/work.ts';
import { checkWritable, planOutputs, writeWhole } from './output-files.ts';
import { renderJson, renderLine, renderParameters } from './render.ts';

/** Pictures of one piece of work: a runner takes no more, and a long series is not held in memory. */
const AT_ONCE = 16;

export type DrawToFiles = {
  readonly request: GenerationRequest;
  readonly runner: Runner;
  readonly out: string;
  readonly mode: 'lines' | 'json' | 'quiet';
  readonly print: (line: string) => void;
  /** For what a person should know beside the pictures. */
  readonly warn: (sentence: string) => void;
  readonly signal: AbortSignal;
  /** Told how far it is, for a line that is written over; undefined in a pipe. */
  readonly progress?: ((words: string | undefined) => void) | undefined;
  /** Shows a finished PNG where the terminal can. */
  readonly show?: ((png: Uint8Array) => Promise<void>) | undefined;
};

/** Throws `UserError` before drawing anything where the target cannot be written. Returns the paths. */
export async function drawToFiles({
  request,
  runner,
  out,
  mode,
  print,
  warn,
  signal,
  progress,
  show,
}: DrawToFiles): Promise<readonly string[]> {
  const paths = await planOutputs({ out, count: request.count, seed: request.seed, prompt: request.prompt });
  await Promise.all(paths.slice(0, 1).map(checkWritable));
  const said = new Set<string>();
  for (let first = 0; first < request.count; first += AT_ONCE) {
    const part = { ...request, seed: request.seed + first, count: Math.min(AT_ONCE, request.count - first) };
    for await (const event of runner.run({ kind: 'imagine', id: 'cli', request: part, previewAfter: [] }, signal)) {
      if (event.kind === 'notice' && mode !== 'quiet' && !said.has(event.sentence)) {
        said.add(event.sentence);
        warn(event.sentence);
      }
      if (event.kind === 'preparing') {
        progress?.('making the model ready, once …');
      }
      if (event.kind === 'step') {
        progress?.(`step ${event.step} of ${event.steps}`);
      }
      if (event.kind !== 'picture') {
        continue;
      }
      const path = paths[first + event.index];
      if (path === undefined) {
        throw new RangeError(`the runner drew picture ${first + event.index} of ${request.count}`);
      }
      // Loaded only now, so that the first step does not wait for it.
      const { cutFromGround, encodePng } = await import('../../image/index.ts');
      const { picture, isUncut } = request.alpha
        ? cutFromGround(event.picture)
        : { picture: event.picture, isUncut: false };
      if (isUncut && mode !== 'quiet') {
        warn(`${path} shows no plain ground that could be made transparent; add "on white" to the words.`);
      }
      const { data } = await encodePng(picture, renderParameters(request, event.seed));
      await writeWhole(path, data);
      progress?.(undefined);
      if (mode !== 'quiet') {
        const drawn = { path, seed: event.seed, ms: event.ms };
        print(mode === 'json' ? renderJson(request, drawn) : renderLine(drawn));
      }
      await show?.(data);
    }
  }
  return paths;
}
