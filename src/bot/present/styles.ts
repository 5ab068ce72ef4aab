/** Styles as people see them: the list, one of them, and one that is being tried. */
import type { Line, Message, MessageFile } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import type { StyleDraft, Training } from '../../store/index.ts';
import { type DraftAction, encodeButtonId } from '../button-id.ts';
import type { Style, StyleMaking } from '../../core/style.ts';
import { formatNumber, text } from '../texts/index.ts';
import { timeText } from '../training/collecting-message.ts';
import { bold, button, code, message, plain, small, user } from './lines.ts';

type ListParts = {
  readonly serverName: string;
  readonly styles: readonly Style[];
  readonly defaultStyle: string;
  readonly mine: string | undefined;
  readonly locale: Locale;
};

const MAX_LISTED = 25;

export function stylesMessage({ serverName, styles, defaultStyle, mine, locale }: ListParts): Message {
  const lines: Line[] = [[bold(text(locale, 'style.list.title', { server: serverName }))]];
  if (styles.length === 0) {
    lines.push([plain(text(locale, 'style.list.none'))]);
  }
  for (const style of styles.slice(0, MAX_LISTED)) {
    const marks = [
      ...(style.id === defaultStyle ? [text(locale, 'style.list.default')] : []),
      ...(style.id === mine ? [text(locale, 'style.list.mine')] : []),
    ];
    const key = style.description === '' ? 'style.list.line-short' : 'style.list.line';
    const { description, weight, model } = style;
    lines.push([
      bold(style.name),
      ...(marks.length === 0 ? [] : [plain(` (${marks.join(', ')})`)]),
      plain(' '),
      small(text(locale, key, { description, weight, model })),
    ]);
  }
  if (styles.length > MAX_LISTED) {
    lines.push([small(`+ ${formatNumber(locale, styles.length - MAX_LISTED)}`)]);
  }
  return message({ lines });
}

export function styleMessage(style: Style, locale: Locale): Message {
  const { origin } = style;
  const lines: Line[] = [
    [bold(style.name), ...(style.description === '' ? [] : [plain(` · ${style.description}`)])],
    [plain(text(locale, 'style.show.model', { model: style.model }))],
    [plain(text(locale, 'style.show.weight', { weight: style.weight }))],
    [
      plain(
        text(locale, style.kind === 'embedding' ? 'style.show.word' : 'style.show.trigger', {
          trigger: style.trigger || text(locale, 'style.empty'),
        }),
      ),
    ],
    ...(style.negative === '' ? [] : [[plain(text(locale, 'style.show.negative', { negative: style.negative }))]]),
    origin.kind !== 'server'
      ? [small(text(locale, 'style.show.builtin'))]
      : [small(text(locale, 'style.show.added', { name: origin.byName })), plain(' '), user(origin.by, origin.byName)],
    ...(style.made === undefined ? [] : [[small(madeText(style.made, locale))]]),
    [small(text(locale, 'style.show.use')), plain(' '), code(useOf(style.name, locale))],
  ];
  return message({ lines });
}

/** What an admin sees between bringing a LoRA and saving it; `picture` once it is drawn. */
export function trialMessage(
  draft: StyleDraft,
  locale: Locale,
  picture: MessageFile | undefined,
  training?: Training,
): Message {
  const { preset, seed } = draft;
  const lines: Line[] = [
    [bold(text(locale, 'style.draft.title', { style: preset.name }))],
    ...(preset.made === undefined ? foundLines(draft, locale) : [[plain(madeText(preset.made, locale))]]),
    ...(training === undefined
      ? []
      : [[small(text(locale, training.keepsPictures ? 'training.kept' : 'training.goes'))]]),
    [plain(text(locale, 'style.draft.weight', { weight: preset.weight }))],
    [
      small(
        picture === undefined
          ? text(locale, 'style.draft.drawing')
          : text(locale, 'style.draft.preview', { seed: String(seed) }),
      ),
    ],
  ];
  const press = (action: DraftAction, tone: 'normal' | 'primary' | 'danger' = 'normal') =>
    button(encodeButtonId({ kind: 'draft', action, draft: draft.id }), text(locale, `button.${action}`), { tone });
  const rows =
    picture === undefined
      ? []
      : [
          [press('save', 'primary'), press('lighter'), press('heavier'), press('discard', 'danger')],
          training === undefined ? [] : [press('train-on'), press('keep')],
        ];
  return message({ lines, picture, rows });
}

/** `Learnt here from 12 pictures on 31 Jan: 300 steps, rank 8, …` */
function madeText(made: StyleMaking, locale: Locale): string {
  const { pictures, steps, rank, width, height, seed, deviceMs, atMs } = made;
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(atMs);
  const time = timeText(deviceMs / 1000, locale);
  const size = `${width} × ${height}`;
  return text(locale, 'style.show.made', { pictures, date, steps, rank, size, seed: String(seed), time });
}

/** What was found in the file, and the words that it goes by. */
function foundLines({ preset: { kind, trigger }, found }: StyleDraft, locale: Locale): readonly Line[] {
  const { rank, base, triggers } = found;
  if (kind === 'embedding') {
    return [
      [plain(text(locale, 'style.draft.embedding', { vectors: rank, base }))],
      [plain(text(locale, 'style.draft.word', { word: trigger }))],
    ];
  }
  const named = triggers.slice(0, 8).join(', ');
  return [
    [plain(text(locale, 'style.draft.found', { kind: found.kind, rank, base }))],
    [
      plain(
        named === ''
          ? text(locale, 'style.draft.no-triggers')
          : text(locale, 'style.draft.triggers', { triggers: named }),
      ),
    ],
  ];
}

/** `/imagine a house by a lake --style neon` */
export function useOf(style: string, locale: Locale): string {
  return `/imagine ${text(locale, 'style.draft.prompt')} --style ${style}`;
}
