/** The program's log as Slack's libraries expect one. Tokens never reach it: the SDK redacts them, we log no headers. */
import { type Logger, LogLevel } from '@slack/bolt';

/** What the adapter needs of a log; pino has it. */
export type Log = {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
};

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
