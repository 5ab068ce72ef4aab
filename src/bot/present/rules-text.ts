/** A server's rules in words, for the panel and the audit list. */
import type { Locale } from '../../core/people.ts';
import type { ServerSettings } from '../../store/index.ts';
import { text } from '../texts/index.ts';

export type RuleField = 'owner' | 'roles' | 'role-limits' | 'style-roles' | 'places';

export function ruleText(field: RuleField, settings: ServerSettings, locale: Locale): string {
  const none = text(locale, 'panel.rule-none');
  switch (field) {
    case 'owner':
      return text(locale, settings.buttonsFor === 'requester' ? 'panel.owner-requester' : 'panel.owner-everybody');
    case 'roles':
      return named(settings.drawRoles ?? []) || text(locale, 'panel.roles-all');
    case 'role-limits':
      return (
        (settings.roleLimits ?? [])
          .map(({ role, perUserDay, perUser }) => {
            const parts = [
              ...(perUserDay === undefined
                ? []
                : [text(locale, 'panel.role-limits-day', { count: perUserDay || text(locale, 'panel.unlimited') })]),
              ...(perUser === undefined ? [] : [text(locale, 'panel.role-limits-slots', { count: perUser })]),
            ];
            return `${role.name}: ${parts.join(', ')}`;
          })
          .join('; ') || none
      );
    case 'style-roles':
      return (
        Object.entries(settings.styleRoles ?? {})
          .map(([style, roles]) => `${style}: ${named(roles)}`)
          .join('; ') || none
      );
    case 'places':
      return (
        (settings.channelRules ?? [])
          .map(({ channel, style, model }) => {
            const shown = style === '' ? text(locale, 'style.none') : style;
            return `${channel}: ${[shown, model].filter((part) => part !== undefined).join(', ')}`;
          })
          .join('; ') || none
      );
    default:
      return field satisfies never;
  }
}

function named(roles: readonly { readonly name: string }[]): string {
  return roles.map(({ name }) => name).join(', ');
}
