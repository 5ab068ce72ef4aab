/**
 * The log: pino's JSON lines on stderr, with what must never be in them taken out. Prompts come at `debug` at most, from
 * whoever logs them; tokens not at all.
 */
import { randomBytes } from 'node:crypto';

import { pino, type Logger } from 'pino';

import type { Config } from '../../config/load.ts';

const SECRETS = [
  'token',
  'botToken',
  'appToken',
  'signingSecret',
  'authorization',
  'headers.authorization',
  'operatorToken',
];

export function createLog(level: Config['logLevel']): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: [...SECRETS, ...SECRETS.map((path) => `*.${path}`)], censor: '…' },
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** Logs a fault of ours under a short id and gives the calm sentence that names it. */
export function faultTeller(log: Logger): (error: unknown) => string {
  return (error) => {
    const id = randomBytes(4).toString('hex');
    log.error({ err: error, fault: id }, 'a fault of ours');
    return `That did not go as it should, and it was not your doing. The operator finds it in the log under ${id}.`;
  };
}
