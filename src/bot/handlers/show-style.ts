/** `/style show`: one style; or, to the admin who makes it, one that is in the making. */
import { checkOptions } from '../../../commands/check.ts';
import { styleShow } from '../../../commands/style.ts';
import type { Given } from '../../core/command.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { styleMessage } from '../present/styles.ts';
import { answerPrivately } from '../speaking.ts';
import { findStyle, stylesOf } from '../styles.ts';
import { showAgain } from '../training/show-again.ts';

export async function showStyle(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  const { name } = checkOptions(styleShow, given);
  if (await showAgain(context, asked, name)) {
    return;
  }
  const styles = await stylesOf(asked.place.server, context.stores, context.models);
  await answerPrivately(asked, styleMessage(findStyle(styles, name), asked.locale));
}
