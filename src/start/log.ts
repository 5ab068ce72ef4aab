/**
 * The log: pino's JSON lines on stderr, with what must never be in them taken out. Prompts come at `debug` at most, from
 * whoever logs them; tokens not at all.
 */
import { type DestinationStream, pino, type Logger } from 'pino';

import type { Config } from '../../config/load.ts';

const SECRETS = [
  'token',
  'botToken',
  'appToken',
  'signingSecret',
  'clientSecret',
  'secretKey',
  'access',
  'refresh',
  'authorization',
  'headers.authorization',
  'operatorToken',
];

/** `destination`: where the lines go; the default is stderr. */
export function createLog(
  level: Config['logLevel'],
  destination: DestinationStream = pino.destination({ dest: 2, sync: false }),
): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: [...SECRETS, ...SECRETS.map((path) => `*.${path}`)], censor: '…' },
      serializers: { err: describeError },
    },
    destination,
  );
}

/**
 * An error in the words it has, with those of its causes. Not the other fields that pino would take along: the errors of
 * the platforms' libraries carry the request they were about, with tokens, prompts and whole pictures.
 */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) {
    return { message: String(error) };
  }
  const { type, message, stack } = pino.stdSerializers.err(error);
  const code = 'code' in error && ['string', 'number'].includes(typeof error.code) ? { code: error.code } : {};
  const status = 'status' in error && typeof error.status === 'number' ? { status: error.status } : {};
  return { type, message, ...code, ...status, stack };
}
