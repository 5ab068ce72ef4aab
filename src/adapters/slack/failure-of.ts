/** What Slack's refusals and the SDK's errors mean for what is done next. Pure; knows codes, no call. */
import { webApi } from '@slack/bolt';

import { type FailureKind, RequestFailure } from '../shared/failure.ts';
import { listAt, textAt } from './json.ts';

/** The SDK's upload, three calls of the Web API in one. */
export const UPLOAD = 'files.uploadV2';

/** Slack's error codes that change what is done next. */
const CODES: Readonly<Partial<Record<FailureKind, readonly string[]>>> = {
  passing: [
    'ratelimited',
    'rate_limited',
    'internal_error',
    'fatal_error',
    'service_unavailable',
    'request_timeout',
    'team_added_to_org',
  ],
  token: ['invalid_auth', 'not_authed', 'token_expired', 'token_revoked', 'account_inactive'],
  late: ['expired_trigger_id', 'trigger_expired', 'exchanged_trigger_id'],
  gone: ['message_not_found', 'thread_not_found'],
  // The message is there and takes no edit any more.
  expired: ['cant_update_message', 'edit_window_closed'],
  'shut-out': [
    'channel_not_found',
    'not_in_channel',
    'is_archived',
    'restricted_action',
    'restricted_action_read_only_channel',
    'restricted_action_thread_only_channel',
  ],
  'too-large': ['file_upload_size_restricted', 'file_too_large'],
};
const KINDS = new Map<string, FailureKind>(
  Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind as FailureKind] as const)),
);

/** What an error of the SDK means; what is none of Slack's stays as it is. */
export function failureOf(method: string, error: unknown): unknown {
  const noAnswer = (options: { afterMs?: number; mayHaveArrived: boolean }): RequestFailure =>
    new RequestFailure(`Slack did not answer ${method}: ${error instanceof Error ? error.message : String(error)}`, {
      kind: 'passing',
      ...options,
      cause: error,
    });
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return noAnswer({ afterMs: error.retryAfter * 1000, mayHaveArrived: false });
  }
  if (error instanceof webApi.WebAPIPlatformError) {
    const code = error.data.error;
    const details = detailsOf(error.data);
    const kind = KINDS.get(code) ?? (method === UPLOAD ? 'no-files' : 'refused');
    return kind === 'passing'
      ? noAnswer({ mayHaveArrived: !code.startsWith('rate') })
      : new RequestFailure(`Slack refuses ${method}: ${[code, ...details].join('; ')}`, { kind, code, details });
  }
  if (error instanceof webApi.WebAPIHTTPError && error.statusCode < 500 && error.statusCode !== 429) {
    const { statusCode, statusMessage } = error;
    const kind = statusCode === 413 ? 'too-large' : method === UPLOAD ? 'no-files' : 'refused';
    const code = `http_${statusCode}`;
    return new RequestFailure(`Slack refuses ${method}: ${code} ${statusMessage}`, { kind, code });
  }
  if (error instanceof webApi.WebAPIHTTPError || error instanceof webApi.WebAPIRequestError) {
    return noAnswer({ mayHaveArrived: true });
  }
  // A 429 without a usable Retry-After comes as a plain error.
  return error instanceof Error && /retry|rate limit/i.test(error.message)
    ? noAnswer({ mayHaveArrived: false })
    : error;
}

/** The scope for want of which Slack refused. */
export function missingScope(error: unknown): string | undefined {
  return error instanceof webApi.WebAPIPlatformError && error.data.error === 'missing_scope'
    ? textAt(error.data, 'needed')
    : undefined;
}

function detailsOf(data: unknown): readonly string[] {
  const needed = textAt(data, 'needed');
  return [
    ...listAt(data, 'errors'),
    ...listAt(data, 'response_metadata', 'messages'),
    ...(needed === undefined ? [] : [`the scope ${needed} is missing`]),
  ].filter((detail) => typeof detail === 'string');
}
