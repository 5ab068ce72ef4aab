/**
 * The form of /imagine without words, of Remix and of a picture to start from: the words, a style of those there are, who
 * sees the answer, and all other options as they are typed. What is typed goes before what is picked.
 */
import { formatCommand, parseFreeText } from '../../../commands/grammar.ts';
import { imagine } from '../../../commands/imagine.ts';
import type { Fields, Given } from '../../core/command.ts';
import { TEXT_LIMITS } from '../../core/drawing-limits.ts';
import type { Form, FormField } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';
import { type ButtonId, encodeButtonId } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { field } from '../present/lines.ts';
import { meansNone, NO_STYLE } from '../styles.ts';
import { stylesHere } from '../suggest.ts';
import { text } from '../texts/index.ts';
import { styleNamed } from '../wish.ts';

type Options = Readonly<Record<string, unknown>>;

export type PromptFormParts = {
  readonly id: ButtonId;
  readonly title: 'form.imagine.title' | 'form.remix.title' | 'form.start.title';
  /** What is filled in: the words, a style, privacy, and the rest. */
  readonly given?: Options;
};

const MAX_STYLES = 24;
const MAX_OPTIONS = 1500;

export async function promptForm(
  context: BotContext,
  asked: RequestContext,
  { id, title, given = {} }: PromptFormParts,
): Promise<Form> {
  const { locale } = asked;
  const { prompt, private: wantsPrivate, ...options } = given;
  const { field: styles, isPicked } = await styleField(context, asked, options['style']);
  const { style: _, ...others } = options;
  const rest = isPicked ? others : options;
  return {
    id: encodeButtonId(id),
    title: text(locale, title),
    submit: text(locale, 'form.remix.submit'),
    fields: [
      field('prompt', text(locale, 'form.prompt'), {
        value: typeof prompt === 'string' ? prompt : '',
        isRequired: true,
        maxLength: TEXT_LIMITS.prompt,
        isMultiline: true,
      }),
      ...styles,
      ...privateField(asked, wantsPrivate),
      field('options', text(locale, 'form.options'), { value: formatCommand(imagine, rest), maxLength: MAX_OPTIONS }),
    ],
  };
}

/** Its fields as the command's options. */
export function fieldsToOptions(fields: Fields): Given {
  const named = parseFreeText(imagine, fields['options'] ?? '');
  const words = parseFreeText(imagine, fields['prompt'] ?? '');
  const prompt = [words['prompt'], named['prompt']].filter((part) => part !== undefined).join(' ');
  const { style = '' } = fields;
  const isPrivate = privacyOf(fields);
  return {
    ...(style === '' ? {} : { style }),
    ...(isPrivate === undefined ? {} : { private: isPrivate }),
    ...words,
    ...named,
    prompt: formatCommand(imagine, { prompt }),
  };
}

/** What was picked; undefined where nothing was, or nobody was asked. */
export function privacyOf({ private: picked = '' }: Fields): boolean | undefined {
  return picked === '' ? undefined : picked === 'yes';
}

/** The styles that go with the model here. A style that is none of them (a mix, or beyond what a list holds) is typed. */
async function styleField(
  context: BotContext,
  { actor, place, locale }: RequestContext,
  given: unknown,
): Promise<{ readonly field: readonly FormField[]; readonly isPicked: boolean }> {
  const styles = (await stylesHere(context, { place, user: actor.user })).slice(0, MAX_STYLES);
  const isNone = typeof given === 'string' && meansNone(given);
  if (styles.length === 0) {
    return { field: [], isPicked: isNone };
  }
  const chosen = typeof given === 'string' ? styleNamed(styles, given)?.id : undefined;
  const value = isNone ? NO_STYLE : (chosen ?? '');
  const choices = [
    { value: NO_STYLE, label: text(locale, 'style.none') },
    ...styles.map(({ id, name }) => ({ value: id, label: name })),
  ];
  return { field: [pick('style', locale, { value, choices, isRequired: false })], isPicked: value !== '' };
}

/** Who sees it: as it was asked, as the message is on which this was pressed, else as is usual here. */
function privateField({ place, settings, invocation, locale }: RequestContext, given: unknown): readonly FormField[] {
  if (/:dm-/u.test(place.server)) {
    return []; // nobody else is there
  }
  const { action } = invocation;
  const isOfPrivate = 'isPrivate' in action && action.isPrivate === true;
  const isPrivate = typeof given === 'boolean' ? given : isOfPrivate || settings.isPrivate === true;
  const choices = (['no', 'yes'] as const).map((value) => ({ value, label: text(locale, `form.private-${value}`) }));
  return [pick('private', locale, { value: isPrivate ? 'yes' : 'no', choices, isRequired: true })];
}

function pick(
  id: 'style' | 'private',
  locale: Locale,
  parts: Pick<FormField, 'value' | 'choices' | 'isRequired'>,
): FormField {
  return field(id, text(locale, `form.${id}`), parts);
}
