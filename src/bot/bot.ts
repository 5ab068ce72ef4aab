/**
 * The bot: `Bot` of `core/chat.ts` on top of the queue, the runner, the stores and the chats.
 */
import type { Bot } from '../core/chat.ts';
import { acknowledgementOf } from './acknowledgement.ts';
import type { BotPorts } from './ports.ts';

export interface FourstepBot extends Bot {
  /** Takes up what a stop or a crash left: unfinished jobs run again, unanswered ones are answered. Call once, after the chats are connected. */
  resume(): Promise<void>;
  /** Nothing new begins; what runs may end within the limit, the rest stays saved for `resume`. */
  close(limitMs: number): Promise<void>;
}

export function createBot(_ports: BotPorts): FourstepBot {
  const notYet = async (): Promise<never> => {
    throw new Error('the handlers are not there yet');
  };
  return {
    acknowledgement: acknowledgementOf,
    form: notYet,
    handle: notYet,
    suggest: notYet,
    resume: notYet,
    close: notYet,
  };
}
