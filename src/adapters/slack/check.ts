/** What the token really may: its workspace and the scopes that it lacks, each with what it is for. Changes nothing. */
import { SlackClient } from './client.ts';
import { listAt, textAt } from './json.ts';
import { libraryLogger } from './log.ts';
import { SCOPES } from './manifest.ts';
import { orTokenFault } from './start-fault.ts';
import type { Log } from '../../bot/index.ts';

export type SlackCheck = {
  readonly team: string;
  /** `files:write (pictures)`; empty where nothing is missing. */
  readonly missing: readonly string[];
};

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Throws `UserError` `slack.token`, `slack.unreachable`. */
export async function checkSlack(options: { readonly botToken: string; readonly apiUrl: string }): Promise<SlackCheck> {
  const client = new SlackClient({ ...options, logger: libraryLogger(SILENT), monotonicMs: () => performance.now() });
  try {
    const found = await orTokenFault(client.call('auth.test', {}, { patience: 'brief' }), 'SLACK_BOT_TOKEN', 'xoxb-');
    const scopes = new Set(listAt(found, 'response_metadata', 'scopes'));
    const missing = Object.entries(SCOPES).filter(([scope]) => scopes.size > 0 && !scopes.has(scope));
    return {
      team: textAt(found, 'team') ?? '',
      missing: missing.map(([scope, purpose]) => `${scope} (${purpose})`),
    };
  } finally {
    client.close();
  }
}
