/** The options of a command that a form asked for, as its handler reads them. Throws what it would throw; does nothing. */
import { checkOptions } from '../../../commands/check.ts';
import { findCommand } from '../../../commands/index.ts';
import type { Action } from '../../core/chat.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { newStyleOf } from '../handlers/new-style.ts';
import { styleName } from '../handlers/styles.ts';
import { findStyle, meansNone, stylesOf } from '../styles.ts';

type CommandAction = Extract<Action, { kind: 'command' }>;

/** Commands whose `name` is that of a style there is. */
const OF_A_STYLE = ['style show', 'style edit', 'style remove', 'style rename', 'style default', 'style mine'];

export async function commandFault(
  context: BotContext,
  asked: RequestContext,
  { name, options }: CommandAction,
): Promise<void> {
  const spec = findCommand(name);
  if (spec === undefined) {
    return;
  }
  if (spec.name === 'style add') {
    await newStyleOf(context, asked, options);
    return;
  }
  checkOptions(spec, options);
  const { name: style, to } = options;
  if (OF_A_STYLE.includes(name) && typeof style === 'string' && !meansNone(style)) {
    const styles = await stylesOf(asked.place.server, context.stores, context.models);
    const found = findStyle(styles, style);
    if (typeof to === 'string') {
      styleName(
        to,
        styles.filter(({ id }) => id !== found.id),
      );
    }
  }
}
