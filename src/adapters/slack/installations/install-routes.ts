/**
 * How a workspace takes the app in: `/slack/install` sends the browser to Slack, which sends it back to
 * `/slack/oauth_redirect` with a code worth one token. The exchange is @slack/oauth's; where the token goes is ours.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from '@slack/bolt';
import { type Installation as GivenInstallation, InstallProvider, type InstallURLOptions } from '@slack/oauth';

import type { Log } from '../../../bot/index.ts';
import { localeOf, text } from '../../../bot/texts/index.ts';
import { apiBase } from '../client.ts';
import { BOT_SCOPES } from '../manifest.ts';
import type { Installation, Token } from './installation.ts';
import { REDIRECT_PATH } from './paths.ts';
import type { States } from './states.ts';

export type InstallRoutesOptions = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly apiUrl: string;
  /** Under which the two paths are reached; undefined: the first address that the app's settings name. */
  readonly publicUrl: string | undefined;
  readonly states: States;
  /** Resolves once the token is kept. */
  readonly install: (installation: Installation, token: Token) => Promise<void>;
  readonly log: Log;
  readonly logger: Logger;
  readonly now: () => number;
};

const TIMEOUT_MS = 10_000;

export class InstallRoutes {
  readonly #provider: InstallProvider;
  readonly #asked: InstallURLOptions;
  readonly #log: Log;

  constructor({ clientId, clientSecret, apiUrl, publicUrl, states, install, log, logger, now }: InstallRoutesOptions) {
    this.#log = log;
    this.#asked = {
      scopes: [...BOT_SCOPES],
      ...(publicUrl === undefined ? {} : { redirectUri: `${publicUrl}${REDIRECT_PATH}` }),
    };
    this.#provider = new InstallProvider({
      clientId,
      clientSecret,
      directInstall: true,
      stateStore: {
        generateStateParam: async () => states.begin(),
        verifyStateParam: async (_now, state) => {
          await states.use(state);
          return this.#asked;
        },
      },
      installationStore: {
        storeInstallation: async (given) => {
          const { installation, token } = readGiven(given, now());
          await install(installation, token);
        },
        fetchInstallation: async () => {
          throw new Error('installations are looked up by the adapter itself');
        },
      },
      authorizationUrl: `${new URL(apiUrl).origin}/oauth/v2/authorize`,
      clientOptions: { slackApiUrl: apiBase(apiUrl), retryConfig: { retries: 1 }, timeout: TIMEOUT_MS },
      logger,
    });
  }

  /** Handles one request to either path. Never throws. */
  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET') {
      response.writeHead(405, { allow: 'GET' }).end();
      return;
    }
    const handling =
      path === REDIRECT_PATH
        ? this.#provider.handleCallback(request, response, {
            success: ({ team, enterprise }) => {
              this.#log.info({ team: team?.id, enterprise: enterprise?.id }, 'Slack: installed');
              answer(request, response, 200, 'install.done');
            },
            failure: ({ code }) => {
              // Not the error's words: they may hold what the browser sent.
              this.#log.warn({ code }, 'Slack: an installation did not come about');
              answer(request, response, 400, code.includes('state') ? 'install.state' : 'install.failed');
            },
          })
        : this.#provider.handleInstallPath(request, response, {}, this.#asked);
    handling.catch((error: unknown) => {
      this.#log.error({ err: error }, 'Slack: an installation could not begin');
      answer(request, response, 500, 'install.failed');
    });
  };
}

/** Throws where Slack gave no bot token: the app asks for nothing else. */
function readGiven(
  given: GivenInstallation,
  atMs: number,
): { readonly installation: Installation; readonly token: Token } {
  const { bot, team, enterprise, user, isEnterpriseInstall = false } = given;
  if (bot === undefined || (isEnterpriseInstall ? enterprise : team) === undefined) {
    throw new Error('Slack gave no bot token');
  }
  return {
    installation: {
      team: isEnterpriseInstall ? null : (team?.id ?? null),
      enterprise: enterprise?.id ?? null,
      name: (isEnterpriseInstall ? enterprise?.name : team?.name) ?? team?.id ?? enterprise?.id ?? '',
      botUser: bot.userId,
      bot: bot.id,
      installer: user.id,
      scopes: bot.scopes,
      atMs,
    },
    token: {
      access: bot.token,
      refresh: bot.refreshToken ?? null,
      expiresAtMs: bot.expiresAt === undefined ? null : bot.expiresAt * 1000,
    },
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  key: 'install.done' | 'install.state' | 'install.failed',
): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  const locale = localeOf(request.headers['accept-language']);
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  response.end(
    `<!doctype html><html lang="${locale}"><meta charset="utf-8"><title>Fourstep</title><p>${text(locale, key)}</p></html>`,
  );
}
