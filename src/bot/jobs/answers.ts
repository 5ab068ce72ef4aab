/**
 * Composes a job's last message from what is kept and brings it to where the person waits, however often it takes.
 * An answer is owed until the platform has it; the job says so.
 */
import type { Chat } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { Job, ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import type { Picture } from '../../core/picture.ts';
import { openOwnPicture } from '../../image/index.ts';
import type { BotPorts } from '../ports.ts';
import { doneMessage, endedMessage } from '../present/answer.ts';
import type { Notice } from './execute-job.ts';
import { upscaleIdOf } from './ids.ts';
import { nextUpscale, modelIdOf, modelOf, scaleOf } from './job-ancestry.ts';
import { localeOf } from '../texts/index.ts';

type AnswerPorts = Pick<BotPorts, 'stores' | 'chatOf' | 'models' | 'clock' | 'log'>;

/** What is at hand right after drawing and need not be read again. */
export type Fresh = { readonly raw: readonly Picture[]; readonly notices: readonly Notice[] };

const RETRY_MS = [5000, 30_000, 120_000, 600_000, 3_600_000];

export class Answers {
  readonly #ports: AnswerPorts;
  readonly #timers = new Set<() => void>();
  #isClosed = false;

  constructor(ports: AnswerPorts) {
    this.#ports = ports;
  }

  /** Delivers the end of a job into its address, once. Resolves when it is there, or when it is put off. */
  async answer(job: Job, fresh?: Fresh, attempt = 0): Promise<void> {
    const { stores, chatOf, log } = this.#ports;
    const chat = chatOf(job.address.platform);
    if (job.state.kind === 'queued' || job.state.kind === 'running' || job.state.isAnswered || chat === undefined) {
      return;
    }
    try {
      const message = await this.compose(job, fresh);
      if (message === undefined) {
        throw new Error('the pictures are gone');
      }
      const address = await this.#deliver(chat, job, message);
      await stores.jobs.save({ ...job, address, state: { ...job.state, isAnswered: true } });
    } catch (error) {
      log.error({ job: job.id, attempt, err: error }, 'the answer did not arrive');
      this.#later(job, fresh, attempt);
    }
  }

  /** The job's message as it is now; undefined where its pictures are no longer kept. */
  async compose(job: Job, fresh?: Fresh): Promise<Message | undefined> {
    const { stores, models, clock } = this.#ports;
    const locale = localeOf(job.locale);
    if (job.state.kind !== 'done') {
      return endedMessage(job, locale);
    }
    const raw = fresh?.raw ?? (await this.#readPictures(job));
    if (raw === undefined) {
      return undefined;
    }
    const scale = await scaleOf(job, (id) => stores.jobs.get(id));
    const grows = nextUpscale(modelOf(models, modelIdOf(job)), scale) !== undefined;
    const marks = await Promise.all(
      job.state.pictures.map(async ({ index }) => {
        const larger = await stores.jobs.get(upscaleIdOf(job.id, index));
        return { grows, isUsed: larger?.state.kind === 'done' };
      }),
    );
    return await doneMessage(job, { locale, raw, notices: fresh?.notices ?? [], marks, scale, nowMs: clock.now() });
  }

  /** Shows a job's message anew where it stands, for its marks; of no consequence if that fails. */
  async refresh(job: Job): Promise<void> {
    const { chatOf, log, clock } = this.#ports;
    try {
      const message = await this.compose(job);
      if (message !== undefined) {
        const options = { mode: 'edit', key: `${job.id}:${clock.now()}`, isFinal: false } as const;
        await chatOf(job.address.platform)?.deliver(job.address, message, options);
      }
    } catch (error) {
      log.debug({ job: job.id, err: error }, 'the pressed message was not marked');
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const disarm of this.#timers) {
      disarm();
    }
    this.#timers.clear();
  }

  /** Where it stands now. What the chat will never take is owed to nobody any more; a full disk of ours passes. */
  async #deliver(chat: Chat, job: Job, message: Message): Promise<ReplyAddress> {
    try {
      const options = { mode: 'edit', key: job.id, isFinal: true, locale: localeOf(job.locale) } as const;
      return await chat.deliver(job.address, message, options);
    } catch (error) {
      if (!(error instanceof UserError) || error.code === 'store.full') {
        throw error;
      }
      this.#ports.log.error({ job: job.id, err: error }, 'the answer can never be delivered');
      return job.address;
    }
  }

  #later(job: Job, fresh: Fresh | undefined, attempt: number): void {
    const waitMs = RETRY_MS[attempt];
    if (this.#isClosed || waitMs === undefined) {
      return;
    }
    const disarm = this.#ports.clock.after(waitMs, () => {
      this.#timers.delete(disarm);
      void this.answer(job, fresh, attempt + 1);
    });
    this.#timers.add(disarm);
  }

  async #readPictures(job: Job): Promise<readonly Picture[] | undefined> {
    if (job.state.kind !== 'done') {
      return undefined;
    }
    const raw: Picture[] = [];
    for (const { file } of job.state.pictures) {
      const data = file === '' ? undefined : await this.#ports.stores.files.read(file);
      if (data === undefined) {
        return undefined;
      }
      raw.push(await openOwnPicture(data));
    }
    return raw;
  }
}
