/** What admins pick and type in the forms of the rules, to settings. Throws `UserError` and changes nothing then. */
import type { Fields } from '../../core/command.ts';
import type { Locale, Role } from '../../core/people.ts';
import type { Style } from '../../core/style.ts';
import type { ServerSettings } from '../../store/index.ts';
import type { Models } from '../ports.ts';
import type { RuleForm } from '../present/rules-panel.ts';
import { refusal } from '../refusal.ts';
import { findStyle, meansNone } from '../styles.ts';
import { channelId, linesOf, MAX_A_DAY, MAX_AT_A_TIME, number } from './panel-fields.ts';

const MAX_RULES = 50;

export type RuleContext = {
  readonly roles: readonly Role[];
  readonly styles: readonly Style[];
  readonly models: Models;
  readonly locale: Locale;
};

/** An empty value takes a rule away. */
export function rulesFromForm(
  field: RuleForm,
  settings: ServerSettings,
  fields: Fields,
  context: RuleContext,
): ServerSettings {
  switch (field) {
    case 'roles':
      return { ...settings, drawRoles: rolesOf(fields['roles'], context) };
    case 'role-limits': {
      const role = roleNamed(linesOf(fields['role'])[0] ?? '', context);
      const { locale } = context;
      const perUserDay = number(fields['day'], 0, MAX_A_DAY, 'panel.rule-form.day', locale);
      const perUser = number(fields['slots'], 1, MAX_AT_A_TIME, 'panel.rule-form.slots', locale);
      const others = (settings.roleLimits ?? []).filter((limit) => limit.role.id !== role.id);
      const isNone = perUserDay === undefined && perUser === undefined;
      return { ...settings, roleLimits: bounded(isNone ? others : [...others, { role, perUserDay, perUser }]) };
    }
    case 'style-roles': {
      const { id } = findStyle(context.styles, fields['style'] ?? '');
      const roles = rolesOf(fields['styleRoles'], context);
      const others = Object.entries(settings.styleRoles ?? {}).filter(([style]) => style !== id);
      const entries = bounded(roles.length === 0 ? others : [...others, [id, roles] as const]);
      return { ...settings, styleRoles: Object.fromEntries(entries) };
    }
    case 'places': {
      const channel = channelId((fields['place'] ?? '').trim());
      const typed = { style: fields['placeStyle']?.trim() ?? '', model: fields['placeModel']?.trim() ?? '' };
      const style =
        typed.style === '' ? undefined : meansNone(typed.style) ? '' : findStyle(context.styles, typed.style).id;
      const models = context.models.list().map(({ manifest }) => manifest.id);
      if (typed.model !== '' && !models.includes(typed.model)) {
        throw refusal('settings.model', { given: typed.model, models: models.join(', ') });
      }
      const model = typed.model === '' ? undefined : typed.model;
      const others = (settings.channelRules ?? []).filter((rule) => rule.channel !== channel);
      const isNone = channel === '' || (style === undefined && model === undefined);
      return { ...settings, channelRules: bounded(isNone ? others : [...others, { channel, style, model }]) };
    }
    default:
      return field satisfies never;
  }
}

function bounded<T>(rules: readonly T[]): readonly T[] {
  if (rules.length > MAX_RULES) {
    throw refusal('settings.rules', { max: MAX_RULES });
  }
  return rules;
}

function rolesOf(given: string | undefined, context: RuleContext): readonly Role[] {
  return bounded(linesOf(given).map((each) => roleNamed(each, context)));
}

/** By its id, its name, or a mention of it as people paste them. */
function roleNamed(given: string, { roles }: RuleContext): Role {
  const wanted = given
    .replace(/^<@&(\d+)>$/u, '$1')
    .replace(/^<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>$/u, '$1')
    .replace(/^@/u, '');
  const found = roles.find(({ id, name }) => id === wanted || name.toLowerCase() === wanted.toLowerCase());
  if (found === undefined) {
    throw refusal('settings.role', { given });
  }
  return found;
}
