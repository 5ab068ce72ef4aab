/** What every handler is given: the ports, the life of jobs, and the event it answers. */
import type { Chat, Invocation } from '../core/chat.ts';
import type { ReplyAddress } from '../core/job.ts';
import type { Locale } from '../core/people.ts';
import type { ServerSettings } from '../store/index.ts';
import type { JobService } from './jobs/job-service.ts';
import type { BotPorts } from './ports.ts';
import type { Starts } from './starts.ts';
import type { TrainingService } from './training/training-service.ts';
import type { WordList } from './safety/word-list.ts';

export type BotContext = BotPorts & {
  readonly jobs: JobService;
  readonly starts: Starts;
  readonly trainings: TrainingService;
  /** The operator's lists. */
  readonly blockedWords: WordList;
  readonly adultWords: WordList;
};

/** One event that is being handled. */
export type RequestContext = Pick<Invocation, 'actor' | 'place'> & {
  readonly invocation: Invocation;
  readonly address: ReplyAddress;
  readonly chat: Chat;
  readonly settings: ServerSettings;
  /** The asker alone sees the placeholder, and what comes in its place. */
  readonly isPrivate: boolean;
  /** What the asker reads. */
  readonly locale: Locale;
  /** The language of what everybody sees. */
  readonly publicLocale: Locale;
};
