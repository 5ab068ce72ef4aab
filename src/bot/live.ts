/**
 * The picture that follows somebody's typing: the same rules about words, styles and models as /imagine, but no job, no
 * quota and no history. It takes its turn in the queue as `live` work, before what can wait.
 */
import type { LiveDrawing, LiveEvent, LiveRequest } from '../core/live.ts';
import type { Actor, Place } from '../core/people.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Runner } from '../core/work.ts';
import type { Admission } from '../core/admission.ts';
import { encodePng } from '../image/index.ts';
import type { Stores } from '../store/index.ts';
import { HeldSlot } from './held-slot.ts';
import type { BotOptions, Models } from './ports.ts';
import { requireDrawable, requireMayDraw, type Rules } from './gates.ts';
import { resolveImagine } from './resolve.ts';
import { WordList } from './safety/word-list.ts';
import { stylesOf } from './styles.ts';

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

type AskedLive = { readonly actor: Actor; readonly place: Place; readonly request: LiveRequest };

export function createLiveDrawing(ports: LivePorts): LiveDrawing {
  const { stores, options } = ports;
  const rules = {
    stores,
    blockedWords: new WordList(options.blockedWords),
    adultWords: new WordList(options.adultWords),
  };
  return {
    async *draw(actor, place, asked, signal) {
      const request = await resolveLive(ports, rules, { actor, place, request: asked });
      const id = `live-${ports.newId()}`;
      const slot = new HeldSlot(
        ports.admission,
        { id, server: place.server, user: actor.user, costMs: COST_MS, priority: 'live' },
        LIMITS,
        signal,
      );
      yield* slot.during((granted) => drawn(ports.runner, id, request, granted));
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

/** The request that /imagine would make of it. Throws `UserError` `allowed.*`, `safety.*`, `style.*`. */
async function resolveLive(ports: LivePorts, rules: Rules, asked: AskedLive): Promise<GenerationRequest> {
  const { stores, models, options } = ports;
  const { actor, place, request } = asked;
  const settings = await stores.settings.of(place.server);
  const asker = { actor, place, settings };
  await requireMayDraw(rules, asker);
  const { seed, count, negative } = request;
  const style = request.styles.map(({ name, weight }) => ({ name, share: weight }));
  const resolved = resolveImagine(
    { prompt: request.prompt, negative, seed, count, style },
    {
      settings,
      options,
      models,
      styles: await stylesOf(place.server, stores, models),
      mine: undefined,
      seed,
      init: undefined,
    },
  );
  requireDrawable(rules, asker, resolved.typed.prompt, resolved.styles);
  return resolved.request;
}
