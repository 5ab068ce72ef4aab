/** The page of `/settings` that shows what was changed last. */
import type { Line, Message } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import type { AuditEntry } from '../../store/index.ts';
import { auditLine } from '../auditing.ts';
import { text } from '../texts/index.ts';
import { bold, message, plain } from './lines.ts';
import { panelButton } from './panel.ts';

export function historyMessage(entries: readonly AuditEntry[], locale: Locale): Message {
  const lines = entries.map((entry): Line => [
    { kind: 'time', atMs: entry.atMs },
    plain(' '),
    plain(auditLine(locale, entry)),
  ]);
  return message({
    lines: [
      [bold(text(locale, 'panel.history.title'))],
      ...(lines.length === 0 ? [[plain(text(locale, 'panel.history.none'))]] : lines),
    ],
    rows: [[panelButton('home', locale)]],
  });
}
