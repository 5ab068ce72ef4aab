/** The second page of `/settings`: who may do what, and who sees it. */
import type { Message } from '../../core/message.ts';
import type { PanelField } from '../button-id.ts';
import { text } from '../texts/index.ts';
import { bold, message, plain } from './lines.ts';
import { panelButton, type PanelParts, settingText } from './panel.ts';

/** What is changed on this page, and shown there afterwards. */
export const RULE_FIELDS = ['private', 'avatars'] as const satisfies readonly PanelField[];

export function isRule(field: PanelField): boolean {
  return RULE_FIELDS.some((rule) => rule === field);
}

export function rulesMessage({ serverName, settings, options, locale, note }: PanelParts): Message {
  return message({
    lines: [
      [bold(text(locale, 'panel.rules.title', { server: serverName }))],
      ...RULE_FIELDS.map((field) => [
        plain(text(locale, `panel.${field}`, { who: settingText(field, settings, options, locale) })),
      ]),
      ...(note.length === 0 ? [] : [note]),
    ],
    rows: [RULE_FIELDS.map((field) => panelButton(field, locale)), [panelButton('home', locale)]],
  });
}
