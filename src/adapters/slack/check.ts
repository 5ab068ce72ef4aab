/** What the tokens really may: their workspaces and the scopes that they lack, each with what it is for. Changes nothing. */
import { isFailure } from '../shared/failure.ts';
import { fixedToken, SlackClient } from './client.ts';
import { nameOf, readInstallation } from './installations/installation.ts';
import { lockedSentence } from './installations/installations.ts';
import { Sealing } from './installations/sealing.ts';
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

type Token = { readonly botToken: string; readonly apiUrl: string };

/** Throws `UserError` `slack.token`, `slack.unreachable`. */
export async function checkSlack(token: Token): Promise<SlackCheck> {
  return orTokenFault(checkToken(token), 'SLACK_BOT_TOKEN', 'xoxb-');
}

/** Throws `RequestFailure`. */
async function checkToken({ botToken, apiUrl }: Token): Promise<SlackCheck> {
  const logger = libraryLogger(SILENT);
  const client = new SlackClient({
    token: fixedToken(botToken),
    apiUrl,
    logger,
    monotonicMs: () => performance.now(),
  });
  try {
    const found = await client.call('auth.test', {}, { patience: 'brief' });
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

export type InstallationsCheck = {
  readonly count: number;
  /** One sentence each. */
  readonly faults: readonly string[];
};

/** Asks Slack about each installed workspace's token, one after another; those that are past their time are not renewed. */
export async function checkInstallations(
  records: readonly unknown[],
  { secretKey, apiUrl }: { readonly secretKey: string; readonly apiUrl: string },
): Promise<InstallationsCheck> {
  const sealing = new Sealing(secretKey);
  const kept = records.map((record) => readInstallation(record, sealing)).filter((found) => found !== undefined);
  const locked = kept.filter(({ token }) => token === undefined).map(({ installation }) => installation);
  const faults: string[] = locked.length === 0 ? [] : [lockedSentence(locked)];
  for (const { installation, token } of kept) {
    if (token !== undefined && (token.expiresAtMs ?? Number.POSITIVE_INFINITY) > Date.now()) {
      const fault = await faultOf({ botToken: token.access, apiUrl });
      faults.push(...(fault === undefined ? [] : [`${installation.name || nameOf(installation)}: ${fault}`]));
    }
  }
  return { count: kept.length, faults };
}

async function faultOf(token: Token): Promise<string | undefined> {
  try {
    const { missing } = await checkToken(token);
    return missing.length === 0
      ? undefined
      : `scopes are lacking: ${missing.join('; ')}; it has to install the app again`;
  } catch (error) {
    if (!isFailure(error)) {
      throw error;
    }
    return error.message;
  }
}
