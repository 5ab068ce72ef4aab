/** What `fourstep doctor` finds of the chats: whether their tokens are valid and what they lack. Changes nothing. */
import type { Config } from '../../config/load.ts';
import { checkDiscord } from '../adapters/discord/index.ts';
import { checkInstallations, checkSlack, type slackManifest } from '../adapters/slack/index.ts';
import { checkStores } from '../store/index.ts';
import { failed, finding, type Finding } from './finding.ts';

export async function discord({ discord: settings }: Config): Promise<Finding> {
  const what = 'Discord';
  if (settings === undefined) {
    const where = 'discord.com/developers → New Application → Bot → Reset Token';
    return finding('off', what, `no DISCORD_TOKEN; get one at ${where}`);
  }
  try {
    const { guilds, lacking } = await checkDiscord({ token: settings.token, restUrl: settings.apiUrl });
    const lacks = lacking.map(({ guild, permissions }) => `${guild} (${permissions.join(', ')})`).join('; ');
    return lacks === ''
      ? finding('ok', what, `token valid, ${guilds} servers, nothing lacking, at ${settings.apiUrl}`)
      : finding('warn', what, `token valid; a permission is lacking in ${lacks}: invite the bot there anew`);
  } catch (error) {
    return failed(what, error);
  }
}

/** Signed HTTP needs an address; without one, and for a new app, it is Socket Mode. */
export function manifestTransport({ slack: settings, publicUrl }: Config): Parameters<typeof slackManifest>[0] {
  return settings?.transport.kind === 'http' && publicUrl !== undefined
    ? { kind: 'http', publicUrl }
    : { kind: 'socket', publicUrl };
}

export async function slack(config: Config): Promise<readonly Finding[]> {
  const { slack: settings } = config;
  const what = 'Slack';
  if (settings === undefined) {
    const detail =
      'no SLACK_BOT_TOKEN and no SLACK_CLIENT_ID; create the app from `fourstep doctor --manifest slack`, install it, and copy its bot token';
    return [finding('off', what, detail)];
  }
  const way = settings.transport.kind === 'socket' ? 'Socket Mode' : 'signed HTTP at /slack/events';
  const { botToken, install, apiUrl } = settings;
  const single = botToken === undefined ? [] : [await slackToken({ botToken, apiUrl }, `${way}, at ${apiUrl}`)];
  return install === undefined ? single : [...single, await slackInstallations(config, { ...install, apiUrl })];
}

async function slackToken(
  token: { readonly botToken: string; readonly apiUrl: string },
  way: string,
): Promise<Finding> {
  const what = 'Slack';
  try {
    const { team, missing } = await checkSlack(token);
    return missing.length === 0
      ? finding('ok', what, `token valid for ${team}, nothing lacking, ${way}`)
      : finding(
          'warn',
          what,
          `token valid for ${team}; scopes are lacking: ${missing.join('; ')}. Add them under OAuth & Permissions and install the app again`,
        );
  } catch (error) {
    return failed(what, error);
  }
}

/** A workspace whose token is of no use keeps no other from drawing. */
async function slackInstallations(
  config: Config,
  install: { readonly secretKey: string; readonly apiUrl: string },
): Promise<Finding> {
  const what = 'Slack';
  try {
    const { installations } = await checkStores({ folder: config.dataFolder, url: config.storeUrl });
    const { count, faults } = await checkInstallations(installations, install);
    const detail = `${count} installed by /slack/install${faults.length === 0 ? '' : `; ${faults.join('; ')}`}`;
    return finding(faults.length === 0 ? 'ok' : 'warn', what, detail);
  } catch (error) {
    return failed(what, error);
  }
}
