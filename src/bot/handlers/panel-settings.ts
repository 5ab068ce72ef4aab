/** What the settings would be with a form of the panel as it was filled in. Changes nothing. */
import type { Fields } from '../../core/command.ts';
import type { ServerSettings } from '../../store/index.ts';
import { FORM_FIELDS } from '../acknowledgement.ts';
import type { PanelField } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { isRuleForm } from '../present/rules-panel.ts';
import { refusal } from '../refusal.ts';
import { stylesOf } from '../styles.ts';
import { settingsFromForm } from './panel-fields.ts';
import { rulesFromForm } from './rules-fields.ts';

/** Throws `UserError` `settings.*`, `style.unknown`, `button.old`. */
export async function settingsGiven(
  context: BotContext,
  asked: RequestContext,
  field: PanelField,
  fields: Fields,
): Promise<ServerSettings> {
  const typed = requireTyped(field);
  return isRuleForm(typed)
    ? rulesFromForm(typed, asked.settings, fields, { ...(await rulePartsOf(context, asked)), models: context.models })
    : settingsFromForm(typed, asked.settings, fields, asked.locale);
}

/** Throws `UserError` `button.old` for what is not typed. */
export function requireTyped(field: PanelField): (typeof FORM_FIELDS)[number] {
  const typed = FORM_FIELDS.find((name) => name === field);
  if (typed === undefined) {
    throw refusal('button.old');
  }
  return typed;
}

/** What the rules are about: the chat's roles, the server's styles. */
export async function rulePartsOf(context: BotContext, { chat, place, locale }: RequestContext) {
  const [roles, styles] = await Promise.all([
    chat.roles?.(place.server) ?? [],
    stylesOf(place.server, context.stores, context.models),
  ]);
  return { roles, styles, locale };
}
