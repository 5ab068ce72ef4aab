/** What Discord says at the start, as a sentence for the operator: what is wrong, and what to do. */
import { UserError } from '../../core/errors.ts';
import { isFailure } from '../shared/failure.ts';

/** Anything else than a refused token or no answer stays as it is. */
export function startFault(error: unknown): unknown {
  if (isFailure(error, 'token')) {
    return tokenFault(error);
  }
  return isFailure(error, 'passing')
    ? new UserError('discord.unreachable', 'Discord did not answer for a minute. Try again later.', { cause: error })
    : error;
}

export function tokenFault(cause: unknown): UserError {
  return new UserError(
    'discord.token',
    'Discord does not know the token in DISCORD_TOKEN. Reset it in the Developer Portal (Bot → Reset Token) and put the new one into .env.',
    { cause },
  );
}
