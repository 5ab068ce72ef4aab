/**
 * The app's Home tab, published anew for each person who opens it. What it says is the bot's; a picture is shown by the
 * file that its answer shows. Knows views, no events.
 */
import type { Log } from '../../bot/index.ts';
import type { Bot, Home } from '../../core/chat.ts';
import type { Message } from '../../core/message.ts';
import { isFailure } from '../shared/failure.ts';
import { decodeAddress, standingIn } from './address.ts';
import type { SlackClient } from './client.ts';
import type { Identity } from './identity.ts';
import { LIMITS } from './limits.ts';
import type { People } from './people.ts';
import { isPictureRefusal } from './pictures.ts';
import { placeOf } from './place.ts';
import { renderMessage, type SlackBlock } from './render.ts';

export type HomeTabParts = {
  readonly bot: Pick<Bot, 'home'>;
  readonly client: SlackClient;
  readonly people: People;
  readonly identity: Identity;
  readonly log: Log;
};

const DIVIDER: SlackBlock = { type: 'divider' };

export class HomeTab {
  readonly #parts: HomeTabParts;

  constructor(parts: HomeTabParts) {
    this.#parts = parts;
  }

  /** `settings`: what an admin's press has made of the panel. Throws `RequestFailure`. */
  async show(user: string, settings?: Message): Promise<void> {
    const { bot, people, identity, log } = this.#parts;
    const actor = await people.actor(identity, user, user, false);
    const home = await bot.home?.(actor, placeOf(identity, user, actor.locale));
    if (home === undefined) {
      return;
    }
    const shown = settings === undefined ? home : { ...home, settings };
    try {
      await this.#publish(user, viewOf(shown, true));
    } catch (error) {
      if (!isPictureRefusal(error) && !isFailure(error, 'refused')) {
        throw error;
      }
      log.warn({ err: error }, 'Slack: the Home tab is shown without pictures');
      await this.#publish(user, viewOf(shown, false));
    }
  }

  async #publish(user: string, blocks: readonly SlackBlock[]): Promise<void> {
    const args = { user_id: user, view: { type: 'home', blocks } };
    await this.#parts.client.call('views.publish', args, { patience: 'brief' });
  }
}

function viewOf({ about, pictures, styles, settings }: Home, hasPictures: boolean): readonly SlackBlock[] {
  const shown = pictures.flatMap(({ address, message }) => {
    const picture = hasPictures ? standingIn(decodeAddress(address)) : undefined;
    const { text, blocks } = renderMessage(message, picture);
    return blocks.map((block) => inHome(block, text));
  });
  return [
    ...renderMessage(about, undefined).blocks,
    ...shown,
    DIVIDER,
    ...renderMessage(styles, undefined).blocks,
    ...(settings === undefined ? [] : [DIVIDER, ...renderMessage(settings, undefined).blocks]),
  ].slice(0, LIMITS.blocksPerView);
}

/** The same picture may stand there twice, and a block's id may not; its words are its alternative text. */
function inHome(block: SlackBlock, words: string): SlackBlock {
  return block.type === 'image' ? { ...block, block_id: undefined, alt_text: words } : block;
}
