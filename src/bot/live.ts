/**
 * The picture that follows somebody's hand: the same rules and the same request as /imagine, but no job, no quota and no
 * history. It takes its turn in the queue as `live` work, before what can wait.
 */
import { rm, writeFile } from 'node:fs/promises';

import type { Admission } from '../core/admission.ts';
import type { LiveDrawing, LiveEvent } from '../core/live.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Runner } from '../core/work.ts';
import { encodePng } from '../image/index.ts';
import type { Stores } from '../store/index.ts';
import { HeldSlot } from './held-slot.ts';
import { checkBeforeDrawing } from './gates.ts';
import { quotaOf, requireLeft } from './jobs/charges.ts';
import type { BotOptions, Clock, Models } from './ports.ts';
import { readImagine, startPicture } from './read-imagine.ts';
import { WordList } from './safety/word-list.ts';

export type LivePorts = {
  readonly runner: Runner;
  readonly admission: Admission;
  readonly stores: Stores;
  readonly models: Models;
  readonly options: BotOptions;
  readonly clock: Pick<Clock, 'now'>;
  readonly newId: () => string;
};

/** Time on the device that a live picture is expected to take; the queue learns the real one. */
const COST_MS = 200;
const LIMITS = { perUser: 2, perServer: 64 };

export function createLiveDrawing(ports: LivePorts): LiveDrawing {
  const { stores, models, options, clock } = ports;
  const rules = {
    stores,
    models,
    options,
    blockedWords: new WordList(options.blockedWords),
    adultWords: new WordList(options.adultWords),
  };
  return {
    async *draw(actor, place, { options: given, isDraft }, signal) {
      const settings = await stores.settings.of(place.server);
      // A live picture is not counted, but who has none left for today has none of these either.
      await requireLeft(stores.quotas, quotaOf(place.server, actor.user, settings, options), clock);
      let file: string | undefined;
      try {
        const { request } = await readImagine(
          rules,
          { actor, place, settings },
          {
            given,
            seed: 0,
            isDraft,
            // A picture to start from is there for this drawing alone: strokes of a pad are not kept.
            keep: async (upload) => {
              const { data, width, height } = await startPicture(upload, options.maxInitBytes);
              file = `${await stores.files.temporary()}.png`;
              await writeFile(file, data);
              return { file, width, height };
            },
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
        const slot = new HeldSlot(
          ports.admission,
          { id, server: place.server, user: actor.user, costMs: COST_MS, priority: 'live' },
          LIMITS,
          signal,
        );
        yield* slot.during((granted) => drawing(ports.runner, id, request, granted));
      } finally {
        if (file !== undefined) {
          await rm(file, { force: true });
        }
      }
    },
  };
}

async function* drawing(
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
