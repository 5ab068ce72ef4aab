/** `fourstep deploy-commands`: registers the slash commands with Discord; a second call changes nothing. */
import type { Config } from '../../config/load.ts';
import type { Print } from '../adapters/cli/actions.ts';
import { deployCommands } from '../adapters/discord/index.ts';
import { UserError } from '../core/errors.ts';

export async function deploy(config: Config, print: Print): Promise<void> {
  if (config.discord === undefined) {
    throw new UserError(
      'config.discord',
      'Expected DISCORD_TOKEN in the environment or .env, but it is not set. Put the bot\u2019s token there; fourstep doctor says where to get it.',
    );
  }
  const { token, apiUrl } = config.discord;
  const { added, changed, removed, unchanged, older } = await deployCommands({ token, restUrl: apiUrl });
  for (const [what, names] of [
    ['added', added],
    ['changed', changed],
    ['removed', removed],
  ] as const) {
    if (names.length > 0) {
      print(`${what}: ${names.join(', ')}`);
    }
  }
  print(`unchanged: ${unchanged}`);
  if (older.length > 0) {
    print(`with commands of their own from before, which stand beside these: ${older.join(', ')}; delete those there`);
  }
}
