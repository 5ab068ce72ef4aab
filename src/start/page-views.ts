/**
 * What the page shows beside the chat: the gallery of finished pictures and the admin's overview, gathered from stores,
 * queue and runners.
 */
import type { AdminView } from '../adapters/web/index.ts';
import { auditLine } from '../bot/auditing.ts';
import { encodeButtonId } from '../bot/button-id.ts';
import type { BotPorts } from '../bot/index.ts';
import { serverModel } from '../bot/resolve.ts';
import { text, type TextKey } from '../bot/texts/index.ts';
import type { Job } from '../core/job.ts';
import type { Gallery, GalleryItem } from '../core/live.ts';
import type { Locale, ServerKey, UserKey } from '../core/people.ts';

export type PagePorts = Pick<BotPorts, 'stores' | 'admission' | 'runner' | 'models'>;

/** Pictures of jobs that were asked for on this page. */
export function createGallery({ stores }: Pick<PagePorts, 'stores'>, server: ServerKey): Gallery {
  return {
    list: async (limit, user) =>
      (await stores.jobs.recent(server, limit))
        .filter((job) => isShownTo(job, user))
        .flatMap(itemsOf)
        .slice(0, limit),
    read: async (id, index, user) => {
      const job = await stores.jobs.get(id);
      if (job?.server !== server || job.state.kind !== 'done' || !isShownTo(job, user)) {
        return undefined;
      }
      const picture = job.state.pictures.find((each) => each.index === index);
      return picture === undefined ? undefined : stores.files.read(picture.file);
    },
  };
}

function isShownTo(job: Job, user: UserKey): boolean {
  return job.user === user || job.address.data['isPrivate'] !== true;
}

function itemsOf(job: Job): readonly GalleryItem[] {
  if (job.state.kind !== 'done') {
    return [];
  }
  const words = job.work.kind === 'imagine' ? job.work.request.prompt : `×${job.work.request.scale}`;
  return job.state.pictures.map(({ index, seed }) => ({
    job: job.id,
    index,
    prompt: job.typed?.prompt ?? words,
    seed,
    style: job.styleName,
    createdAtMs: job.createdAtMs,
    message: String(job.address.data['message'] ?? ''),
    actions: {
      upscale: encodeButtonId({ kind: 'picture', action: 'upscale', job: job.id, index }),
      vary: encodeButtonId({ kind: 'picture', action: 'vary', job: job.id, index }),
      delete: encodeButtonId({ kind: 'job', action: 'delete', job: job.id }),
    },
  }));
}

/** What the model that the page draws with is good at, and how to get another. */
export async function modelLine(
  { stores, models, options }: Pick<BotPorts, 'stores' | 'models' | 'options'>,
  server: ServerKey,
  locale: Locale,
): Promise<string> {
  const { manifest } = serverModel(await stores.settings.of(server), options, models);
  const isCarried = manifest.id === 'moji';
  return isCarried ? text(locale, 'page.model.moji') : `${manifest.name}: ${manifest.description}`;
}

/** Rows of words for the panel's tables. */
export function createAdminView({ stores, admission, runner, models }: PagePorts): AdminView {
  return {
    overview: async (server, locale) => {
      const { waiting, running, servers } = admission.counts();
      const settings = await stores.settings.of(server);
      const added = await stores.styles.of(server);
      const audit = await stores.audit.last(server, 30);
      const t = (key: TextKey): string => text(locale, key);
      const usual = (id: string): string => (settings.defaultStyle === id ? t('page.panel.usual') : '');
      const amount = (count: number | undefined): string =>
        count === undefined ? t('page.panel.unbounded') : String(count);
      return {
        styles: [
          ...models
            .list()
            .flatMap(({ styles }) =>
              styles.map(({ id, name, model, description }) => [name, model, '1', description, usual(id)]),
            ),
          ...added.map(({ id, name, model, weight, trigger }) => [name, model, String(weight), trigger, usual(id)]),
        ],
        queue: [
          [t('page.panel.waiting'), String(waiting)],
          [t('page.panel.running'), String(running)],
          [t('page.panel.servers'), String(servers)],
        ],
        devices: runner.health().map(({ device, state, active }) => [device, state, String(active)]),
        quotas: [
          [t('page.panel.per-user'), amount(settings.perUserDay)],
          [t('page.panel.per-server'), amount(settings.perServerDay)],
        ],
        audit: audit.map((entry) => [
          new Date(entry.atMs).toISOString().slice(0, 16).replace('T', ' '),
          entry.userName,
          auditLine(locale, entry),
        ]),
      };
    },
  };
}
