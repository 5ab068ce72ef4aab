/**
 * What the page shows beside the chat: the gallery of finished pictures and the admin's overview, gathered from stores,
 * queue and runners.
 */
import type { AdminView } from '../adapters/web/index.ts';
import type { Models } from '../bot/index.ts';
import type { Admission } from '../core/admission.ts';
import type { Job } from '../core/job.ts';
import type { Gallery, GalleryItem } from '../core/live.ts';
import type { ServerKey } from '../core/people.ts';
import type { Runner } from '../core/work.ts';
import type { Stores } from '../store/index.ts';

export type PagePorts = {
  readonly stores: Stores;
  readonly admission: Admission;
  readonly runner: Runner;
  readonly models: Models;
};

/** Pictures of jobs that were asked for on this page. */
export function createGallery({ stores }: Pick<PagePorts, 'stores'>, server: ServerKey): Gallery {
  return {
    list: async (limit) => (await stores.jobs.recent(server, limit)).flatMap(itemsOf).slice(0, limit),
    read: async (id, index) => {
      const job = await stores.jobs.get(id);
      if (job?.server !== server || job.state.kind !== 'done') {
        return undefined;
      }
      const picture = job.state.pictures.find((each) => each.index === index);
      return picture === undefined ? undefined : stores.files.read(picture.file);
    },
  };
}

function itemsOf(job: Job): readonly GalleryItem[] {
  if (job.state.kind !== 'done') {
    return [];
  }
  const prompt = job.work.kind === 'imagine' ? job.work.request.prompt : `×${job.work.request.scale}`;
  return job.state.pictures.map(({ index, seed }) => ({
    job: job.id,
    index,
    prompt,
    seed,
    createdAtMs: job.createdAtMs,
  }));
}

/** Rows of words for the panel's tables. */
export function createAdminView({ stores, admission, runner, models }: PagePorts): AdminView {
  return {
    overview: async (server) => {
      const { waiting, running, servers } = admission.counts();
      const settings = await stores.settings.of(server);
      const added = await stores.styles.of(server);
      const audit = await stores.audit.last(server, 30);
      return {
        styles: [
          ...models
            .list()
            .flatMap(({ styles }) => styles.map(({ id, model, description }) => [id, model, description])),
          ...added.map(({ name, model, weight, trigger }) => [name, model, `weight ${weight}`, trigger]),
        ],
        queue: [
          ['waiting', String(waiting)],
          ['running', String(running)],
          ['servers', String(servers)],
        ],
        devices: runner.health().map(({ device, state, active }) => [device, state, `${active} active`]),
        quotas: [
          ['pictures a day and user', settings.perUserDay === undefined ? '–' : String(settings.perUserDay)],
          ['pictures a day and server', settings.perServerDay === undefined ? '–' : String(settings.perServerDay)],
        ],
        audit: audit.map((entry) => [
          new Date(entry.atMs).toISOString().slice(0, 16).replace('T', ' '),
          entry.userName,
          entry.what,
          entry.was,
          entry.is,
        ]),
      };
    },
  };
}
