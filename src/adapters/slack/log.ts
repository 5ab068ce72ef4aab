/** The program's log as Slack's libraries expect one. Tokens never reach it: the SDK redacts them, we log no headers. */
import { type Logger, LogLevel } from '@slack/bolt';

import type { Log } from '../../bot/index.ts';

/** The libraries' own chatter is all debug; what matters is logged by us, with what it means. */
export function libraryLogger(log: Log): Logger {
  const say = (...words: readonly unknown[]): void => {
    log.debug({ from: 'slack-sdk' }, words.map(String).join(' '));
  };
  return {
    debug: () => undefined,
    info: say,
    warn: say,
    error: say,
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
