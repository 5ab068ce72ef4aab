/** The second page of `/settings`: who may do what, and who sees it; and the forms of what is typed or picked there. */
import type { Form, FormField, Message } from '../../core/message.ts';
import type { Locale, Role } from '../../core/people.ts';
import type { Style } from '../../core/style.ts';
import { encodeButtonId, type PanelField } from '../button-id.ts';
import type { Model } from '../ports.ts';
import { text } from '../texts/index.ts';
import { bold, CHANNELS, field as fieldNamed, message, plain, withChannels } from './lines.ts';
import { panelButton, type PanelForm, type PanelParts, settingText } from './panel.ts';

/** What is changed on this page, and shown there afterwards. */
export const RULE_FIELDS = [
  'private',
  'owner',
  'avatars',
  'roles',
  'role-limits',
  'style-roles',
  'places',
] as const satisfies readonly PanelField[];

export type RuleForm = 'roles' | 'role-limits' | 'style-roles' | 'places';
const RULE_FORMS: readonly RuleForm[] = ['roles', 'role-limits', 'style-roles', 'places'];

export function isRule(field: PanelField): boolean {
  return RULE_FIELDS.some((rule) => rule === field);
}

export function isRuleForm(field: PanelForm | RuleForm): field is RuleForm {
  return RULE_FORMS.some((form) => form === field);
}

export function rulesMessage({ serverName, settings, options, locale, note }: PanelParts): Message {
  const buttons = RULE_FIELDS.map((field) => panelButton(field, locale));
  const channels = (settings.channelRules ?? []).map(({ channel }) => channel);
  const places = settingText('places', settings, options, locale);
  const marked = channels.reduce((line, channel) => line.replace(`${channel}: `, `${CHANNELS}: `), places);
  const lists = channels.map((channel) => [channel]);
  return message({
    lines: [
      [bold(text(locale, 'panel.rules.title', { server: serverName }))],
      ...RULE_FIELDS.map((field) =>
        field === 'places'
          ? withChannels(text(locale, 'panel.places', { who: marked }), ...lists)
          : [plain(text(locale, `panel.${field}`, { who: settingText(field, settings, options, locale) }))],
      ),
      ...(note.length === 0 ? [] : [note]),
    ],
    rows: [buttons.slice(0, 3), buttons.slice(3), [panelButton('home', locale)]],
  });
}

export type RuleFormParts = Pick<PanelParts, 'settings'> & {
  readonly roles: readonly Role[];
  readonly styles: readonly Style[];
  readonly models: readonly Model[];
  readonly locale: Locale;
};

export function ruleForm(field: RuleForm, parts: RuleFormParts): Form {
  const { locale } = parts;
  return {
    id: encodeButtonId({ kind: 'panel', field }),
    title: text(locale, `panel.button.${field}`),
    submit: text(locale, 'panel.form.save'),
    fields: fieldsOf(field, parts),
  };
}

function fieldsOf(field: RuleForm, { settings, roles, styles, models, locale }: RuleFormParts): readonly FormField[] {
  const line = (id: string, more: Partial<FormField> = {}): FormField =>
    fieldNamed(id, text(locale, `panel.rule-form.${id as 'roles'}`), more);
  const named = roles.map(({ id, name }) => ({ value: id, label: name }));
  const many = { picks: 'roles', choices: named, maxLength: 4000, isMultiline: true } as const;
  const styleChoices = styles.map(({ id, name }) => ({ value: id, label: name }));
  switch (field) {
    case 'roles':
      return [line('roles', { value: (settings.drawRoles ?? []).map(({ id }) => id).join('\n'), ...many })];
    case 'role-limits':
      return [
        line('role', { picks: 'role', choices: named, isRequired: true }),
        line('day', { maxLength: 7 }),
        line('slots', { maxLength: 4 }),
      ];
    case 'style-roles':
      return [line('style', { choices: styleChoices, isRequired: true }), line('styleRoles', many)];
    case 'places':
      return [
        line('place', { picks: 'place', isRequired: true }),
        line('placeStyle', {
          choices: [{ value: 'none', label: text(locale, 'style.none') }, ...styleChoices],
        }),
        line('placeModel', { choices: models.map(({ manifest: { id, name } }) => ({ value: id, label: name })) }),
      ];
    default:
      return field satisfies never;
  }
}
