/**
 * What Prometheus sees: one registry with every figure's name, unit and buckets. No label holds a user, a server or a
 * prompt: labels are few and known beforehand. Only importer of prom-client.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Platform } from '../core/people.ts';
import type { RunnerHealth } from '../core/work.ts';

export type Outcome = 'done' | 'failed' | 'cancelled' | 'refused';

export type MetricSources = {
  readonly queue: () => { readonly waiting: number; readonly running: number; readonly servers: number };
  readonly runners: () => readonly RunnerHealth[];
  /** What strangers bring at this moment. */
  readonly hands: () => Readonly<Record<'pictures' | 'styles', number>>;
  /** Bytes of kept files. */
  readonly kept: (kind: (typeof KEPT)[number]) => number;
};

/** What the page holds, by the name of its figure. */
const PAGE = {
  streams: ['fourstep_page_streams', 'Event streams that are open'],
  bodies: ['fourstep_page_bodies', 'Bodies that are coming in'],
  forms: ['fourstep_page_forms', 'Forms whose files lie on the disk'],
  platforms: ['fourstep_page_platform_requests', "Requests of chats' platforms under way"],
  historyBytes: ['fourstep_page_history_bytes', "Bytes of the files of the page's messages"],
} as const;

/** Refusals that some limit made, by their code; others are nobody's figure. */
const LIMIT_CODES: ReadonlySet<string> = new Set([
  'page.often', 'page.guesses', 'page.streams', 'page.busy', 'page.large', 'image.busy', 'image.size', 'image.costly', 'image.dimensions', 'image.frames',
  'style.busy', 'style.room', 'style.full', 'lora.size', 'lora.modules', 'upload.size', 'quota.user', 'quota.user-few', 'quota.server', 'queue.user-full',
  'queue.server-full', 'store.full',
]); // prettier-ignore

type RunnerFigure = readonly [name: string, help: string, read: (runner: RunnerHealth) => number | undefined];

const RUNNER_FIGURES: readonly RunnerFigure[] = [
  ['fourstep_runner_up', '1: the runner is ready', ({ state }) => Number(state === 'ready')],
  ['fourstep_runner_active', 'Works inside the runner', ({ active }) => active],
  ['fourstep_batch_calls', 'UNet calls so far', ({ batches }) => batches?.calls],
  ['fourstep_batch_rows', 'Rows in all UNet calls so far', ({ batches }) => batches?.rows],
  ['fourstep_batch_rows_max', 'Rows that a call can hold', ({ batches }) => batches?.maxRows],
  [
    'fourstep_uploaded_bytes',
    'Bytes sent to the device so far, weights left out',
    ({ batches }) => batches?.uploadedBytes,
  ],
];

const KEPT = ['pictures', 'uploads', 'loras'] as const;

/** Seconds, from a small picture's step to a large one's minutes. */
const SHORT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LONG = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];
/** Around the three seconds that the platforms wait. */
const ACKNOWLEDGEMENT = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];

export class Metrics {
  readonly #registry = new Registry();
  readonly #wait = this.#histogram('fourstep_wait_seconds', 'From joining the queue to beginning', LONG);
  readonly #job = this.#histogram('fourstep_job_seconds', 'From beginning to end of a job, on the device', LONG);
  readonly #text = this.#histogram('fourstep_text_seconds', 'Text encoding of a picture', SHORT);
  readonly #step = this.#histogram('fourstep_step_seconds', 'One denoising step of a picture', SHORT);
  readonly #decode = this.#histogram('fourstep_decode_seconds', 'Decoding of a picture', SHORT);
  readonly #acknowledgement = this.#histogram(
    'fourstep_acknowledgement_seconds',
    "From an event to its acknowledgement, against the platform's limit of 3 s",
    ACKNOWLEDGEMENT,
    'platform',
  );
  readonly #outcomes = this.#counter('fourstep_jobs_total', 'Jobs by how they ended', 'outcome');
  readonly #pictures = this.#counter('fourstep_pictures_total', 'Finished pictures');
  readonly #deviceSeconds = this.#counter('fourstep_device_seconds_total', 'Device time spent on finished pictures');
  readonly #restarts = this.#counter(
    'fourstep_runner_restarts_total',
    'Runner processes that went away unasked',
    'device',
  );
  readonly #refusals = this.#counter(
    'fourstep_refusals_total',
    'What a limit has refused, by the code of the refusal',
    'code',
  );
  readonly #limits = new Gauge({
    name: 'fourstep_limit',
    help: 'Limits as they are set, by the name of the variable in lower case',
    labelNames: ['limit'],
    registers: [this.#registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** From now on these are read too, when somebody asks. Call once. */
  watch({ queue, runners, hands, kept }: MetricSources): void {
    this.#gauge('fourstep_queue_waiting', 'Jobs that wait', () => queue().waiting);
    this.#gauge('fourstep_queue_running', 'Jobs that have begun', () => queue().running);
    this.#gauge('fourstep_queue_servers', 'Servers with jobs in the queue', () => queue().servers);
    this.#gauge('fourstep_pictures_in_hand', "Strangers' pictures in memory", () => hands().pictures);
    this.#gauge('fourstep_style_files_in_hand', "Styles' files that are coming in", () => hands().styles);
    for (const kind of KEPT) {
      this.#gauge(`fourstep_${kind}_bytes`, `Bytes of kept ${kind}`, () => kept(kind));
    }
    for (const [name, help, read] of RUNNER_FIGURES) {
      this.#runnerGauge(name, help, runners, read);
    }
  }

  /** The same for the page. Call once. */
  watchPage(usage: () => Readonly<Record<keyof typeof PAGE, number>>): void {
    for (const [what, [name, help]] of Object.entries(PAGE) as [keyof typeof PAGE, readonly [string, string]][]) {
      this.#gauge(name, help, () => usage()[what]);
    }
  }

  /** The limits there are, by name. */
  limitedBy(limits: Readonly<Record<string, number>>): void {
    for (const [limit, value] of Object.entries(limits)) {
      this.#limits.set({ limit }, value);
    }
  }

  /** A refusal by its code; those that no limit made are not counted. */
  refused(code: string): void {
    if (LIMIT_CODES.has(code)) {
      this.#refusals.inc({ code });
    }
  }

  waited(seconds: number): void {
    this.#wait.observe(seconds);
  }

  acknowledged(platform: Platform, seconds: number): void {
    this.#acknowledgement.observe({ platform }, seconds);
  }

  ended(outcome: Outcome): void {
    this.#outcomes.inc({ outcome });
  }

  worked(seconds: number): void {
    this.#job.observe(seconds);
  }

  stepped(seconds: number): void {
    this.#step.observe(seconds);
  }

  /** A finished picture, in seconds of the device. */
  drew(seconds: { readonly text: number; readonly decode: number; readonly total: number }): void {
    this.#text.observe(seconds.text);
    this.#decode.observe(seconds.decode);
    this.#pictures.inc();
    this.#deviceSeconds.inc(seconds.total);
  }

  restarted(device: string): void {
    this.#restarts.inc({ device });
  }

  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #histogram(name: string, help: string, buckets: number[], ...labelNames: string[]): Histogram {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.#registry] });
  }

  #counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  /** Read when somebody asks. */
  #gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry], collect: () => gauge.set(read()) });
  }

  #runnerGauge(name: string, help: string, runners: MetricSources['runners'], read: RunnerFigure[2]): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      labelNames: ['device'],
      registers: [this.#registry],
      collect: () => {
        gauge.reset();
        for (const runner of runners()) {
          const value = read(runner);
          if (value !== undefined) {
            gauge.set({ device: runner.device }, value);
          }
        }
      },
    });
  }
}
