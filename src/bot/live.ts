/**
 * The picture that follows somebody's hand: the same rules and the same request as /imagine, but no job, no quota and no
 * history. It takes its turn in the queue as `live` work, before what can wait.
 */
import { rm } from 'node:fs/promises';

import type { Admission } from '../core/admission.ts';
import type { LiveDrawing, LiveEvent } from '../core/live.ts';
import type { Picture } from '../core/picture.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Runner } from '../core/work.ts';
import { cutFromGround, encodeDraft, encodePng } from '../image/index.ts';
import type { Stores } from '../store/index.ts';
import { duringSlot } from './held-slot.ts';
import { checkBeforeDrawing } from './gates.ts';
import type { Hands } from './in-hand.ts';
import { quotaOf, requireLeft } from './jobs/charges.ts';
import { enlarged, windowScale } from './live-enlarged.ts';
import { Pace } from './jobs/pace.ts';
import type { BotOptions, Clock, Models } from './ports.ts';
import { keptStart, readImagine } from './read-imagine.ts';
import { settingsHere } from './settings-here.ts';
import { WordList } from './safety/word-list.ts';

export type LivePorts = {
  readonly runner: Runner;
  readonly admission: Admission;
  readonly stores: Stores;
  readonly models: Models;
  readonly options: BotOptions;
  readonly hands: Hands;
  readonly clock: Pick<Clock, 'now'>;
  readonly newId: () => string;
};

export function createLiveDrawing(ports: LivePorts): LiveDrawing {
  const { stores, models, options, clock } = ports;
  const rules = {
    stores,
    models,
    options,
    blockedWords: new WordList(options.blockedWords),
    adultWords: new WordList(options.adultWords),
  };
  const pace = new Pace();
  return {
    async *draw(actor, place, { options: given, isDraft, canvas }, signal) {
      const settings = settingsHere(await stores.settings.of(place.server), actor, place);
      // A live picture is not counted, but who has none left for today has none of these either.
      await requireLeft(stores.quotas, quotaOf(place.server, actor.user, settings, options), clock);
      const files: string[] = [];
      try {
        const { request } = await readImagine(
          rules,
          { actor, place, settings },
          {
            given,
            seed: 0,
            isDraft,
            // A picture to start from is there for this drawing alone: strokes of a pad are not kept.
            keep: (upload, mask) =>
              keptStart(ports, { upload, mask, by: actor.user }, async (png) => {
                const file = await stores.files.writeTemporary(png, '.png');
                files.push(file);
                return file;
              }),
          },
        );
        await checkBeforeDrawing(rules, {
          server: place.server,
          user: actor.user,
          isNsfwChannel: place.isNsfw,
          work: { kind: 'imagine', request },
          styleName: '',
        });
        const id = `live-${ports.newId()}`;
        const work = { kind: 'imagine', request } as const;
        const live = isDraft ? 'draft' : 'final';
        const { server } = place;
        const ticket = { id, server, user: actor.user, costMs: pace.costMs(work), priority: 'live', canvas } as const;
        const slot = { admission: ports.admission, ticket, limits: options.liveQueue, signal };
        let ms = 0;
        for await (const event of duringSlot(slot, (granted) => drawing(ports, { id, request, live }, granted))) {
          ms += event.kind === 'picture' ? event.ms : 0;
          yield event;
        }
        pace.learn(work, ms);
      } finally {
        await Promise.all(files.map(async (file) => rm(file, { force: true })));
      }
    },
  };
}

async function* drawing(
  { runner, models, stores }: LivePorts,
  { id, request, live }: { readonly id: string; readonly request: GenerationRequest; readonly live: 'draft' | 'final' },
  signal: AbortSignal,
): AsyncGenerator<LiveEvent, void> {
  const pictures: Picture[] = [];
  for await (const event of runner.run({ kind: 'imagine', id, request, previewAfter: [], live }, signal)) {
    if (event.kind === 'step') {
      yield { kind: 'step', step: event.step, steps: event.steps };
    } else if (event.kind === 'notice' || event.kind === 'preparing') {
      yield event;
    } else if (event.kind === 'picture') {
      const picture = request.alpha ? cutFromGround(event.picture).picture : event.picture;
      const { data, contentType } = await (live === 'draft' ? encodeDraft(picture) : encodePng(picture));
      pictures[event.index] = picture;
      yield {
        kind: 'picture',
        data,
        contentType,
        width: event.picture.width,
        height: event.picture.height,
        ms: event.ms.total,
      };
    }
  }
  const scale = windowScale(models, request);
  if (live === 'final' && scale !== undefined) {
    yield* enlarged(pictures, { id, model: request.model, scale, runner, files: stores.files }, signal);
  }
}
