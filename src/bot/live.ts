/**
 * The picture that follows somebody's typing: the same rules about words, styles and models as /imagine, but no job, no
 * quota and no history. It takes its turn in the queue as `live` work, before what can wait.
 */
import { withTrigger } from '../../commands/prompt-words.ts';
import { defaultRequest } from '../core/default-request.ts';
import type { LiveDrawing, LiveEvent, LiveRequest } from '../core/live.ts';
import type { Actor, Place } from '../core/people.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Runner } from '../core/work.ts';
import type { Admission } from '../core/admission.ts';
import { encodePng } from '../image/index.ts';
import type { Stores } from '../store/index.ts';
import { LiveTurn } from './live-turn.ts';
import type { BotOptions, Models } from './ports.ts';
import { refusal } from './refusal.ts';
import { serverModel } from './resolve.ts';
import { WordList } from './safety/word-list.ts';
import { findStyle, stylesOf } from './styles.ts';

export type LivePorts = {
  readonly runner: Runner;
  readonly admission: Admission;
  readonly stores: Stores;
  readonly models: Models;
  readonly options: BotOptions;
  readonly newId: () => string;
};

/** Time on the device that a live picture is expected to take; the queue learns the real one. */
const COST_MS = 200;
const LIMITS = { perUser: 2, perServer: 64 };

export function createLiveDrawing(ports: LivePorts): LiveDrawing {
  return {
    async *draw(actor, place, asked, signal) {
      const request = await resolveLive(ports, actor, place, asked);
      const id = `live-${ports.newId()}`;
      const turn = new LiveTurn(
        ports.admission,
        { id, server: place.server, user: actor.user, costMs: COST_MS, priority: 'live' },
        LIMITS,
        signal,
      );
      yield* turn.during((granted) => drawn(ports.runner, id, request, granted));
    },
  };
}

async function* drawn(
  runner: Runner,
  id: string,
  request: GenerationRequest,
  signal: AbortSignal,
): AsyncGenerator<LiveEvent, void> {
  for await (const event of runner.run({ kind: 'imagine', id, request, previewAfter: [] }, signal)) {
    if (event.kind === 'step') {
      yield { kind: 'step', step: event.step, steps: event.steps };
    } else if (event.kind === 'picture') {
      const { data } = await encodePng(event.picture);
      yield {
        kind: 'picture',
        png: data,
        width: event.picture.width,
        height: event.picture.height,
        ms: event.ms.total,
      };
    }
  }
}

/** Throws `UserError` `safety.*`, `allowed.blocked`, `style.*`. */
async function resolveLive(
  { stores, models, options }: LivePorts,
  actor: Actor,
  place: Place,
  asked: LiveRequest,
): Promise<GenerationRequest> {
  const settings = await stores.settings.of(place.server);
  if (await stores.people.isBlocked(place.server, actor.user)) {
    throw refusal('allowed.blocked');
  }
  const word = new WordList([...options.blockedWords, ...settings.blockedWords]).find(asked.prompt);
  if (word !== undefined) {
    throw refusal('safety.word', { word });
  }
  const adult =
    settings.adult === 'marked' && place.isNsfw ? undefined : new WordList(options.adultWords).find(asked.prompt);
  if (adult !== undefined) {
    throw refusal('safety.nsfw', { word: adult });
  }
  const { manifest } = serverModel(settings, options, models);
  const all = await stylesOf(place.server, stores, models);
  const styles = asked.styles.map(({ name, weight }) => ({ style: findStyle(all, name, manifest.id), share: weight }));
  const prompt = styles.reduce(
    (words, { style, share }) => (share > 0 ? withTrigger(words, style.trigger) : words),
    asked.prompt,
  );
  return defaultRequest(manifest, prompt, {
    negative: asked.negative,
    styles: styles.map(({ style, share }) => ({ id: style.id, file: style.file, weight: style.weight * share })),
    seed: asked.seed,
    count: asked.count,
  });
}
