/** What a job counts against the quotas: taken before it is kept, given back where nothing comes of it. */
import type { UserError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { ServerKey, UserKey } from '../../core/people.ts';
import type { Balance, Quota, ServerSettings, Stores } from '../../store/index.ts';
import type { BotOptions, Clock } from '../ports.ts';
import { refusal } from '../refusal.ts';

const HOUR_MS = 3_600_000;

export function quotaOf(server: ServerKey, user: UserKey, settings: ServerSettings, options: BotOptions): Quota {
  const perUser = settings.perUserDay ?? options.quota.perUser;
  const perServer = settings.perServerDay ?? options.quota.perServer;
  return {
    server,
    user,
    perUser: perUser === 0 ? undefined : perUser,
    perServer: perServer === 0 ? undefined : perServer,
  };
}

/** What the job was counted against, whatever the person's roles are today; its bounds do not matter. */
export function chargedQuota(job: Job, settings: ServerSettings, options: BotOptions): Quota {
  const { server, user, charged } = job;
  return charged === undefined
    ? quotaOf(server, user, settings, options)
    : { server, user, perUser: charged.user ? 1 : undefined, perServer: charged.server ? 1 : undefined };
}

/** Pictures drawn from words count; what is made of them does not. */
export function chargeOf(job: Job): number {
  return job.work.kind === 'imagine' ? job.work.request.count : 0;
}

/** Throws `UserError` `quota.user`, `quota.user-few`, `quota.server` and takes nothing then. */
export async function takeCharge(
  quotas: Stores['quotas'],
  quota: Quota,
  pictures: number,
  clock: Clock,
): Promise<void> {
  const nowMs = clock.now();
  const taken = pictures === 0 ? { isTaken: true as const } : await quotas.take(quota, pictures, nowMs);
  if (taken.isTaken) {
    return;
  }
  throw usedUp(taken, pictures, nowMs);
}

/** For what is not counted itself: throws as `takeCharge` does where nothing is left for today. */
export async function requireLeft(quotas: Stores['quotas'], quota: Quota, clock: Pick<Clock, 'now'>): Promise<void> {
  const nowMs = clock.now();
  const { user, server } = await quotas.balances(quota, nowMs);
  if (user?.left === 0) {
    throw usedUp({ of: 'user', balance: user }, 1, nowMs);
  }
  if (server?.left === 0) {
    throw usedUp({ of: 'server', balance: server }, 1, nowMs);
  }
}

function usedUp(
  { of: whose, balance }: { readonly of: 'user' | 'server'; readonly balance: Balance },
  pictures: number,
  nowMs: number,
): UserError {
  const { left, of, resetsAtMs } = balance;
  const waitMs = Math.max(0, resetsAtMs - nowMs);
  const hours = Math.max(1, Math.ceil(waitMs / HOUR_MS));
  if (whose === 'server') {
    return refusal('quota.server', { of, hours }, { retryAfterMs: waitMs });
  }
  return left === 0
    ? refusal('quota.user', { of, hours }, { retryAfterMs: waitMs })
    : refusal('quota.user-few', { left, of, given: pictures });
}
