/**
 * What somebody asked, with the server's settings and the models and styles there are, as a wish; `wish.ts` makes the
 * request of it. The same inputs give the same request: chance comes in as the seed.
 */
import type { imagine } from '../../commands/imagine.ts';
import { resolveSize, type SizeRules } from '../../commands/size.ts';
import { formatStyleMix, parseStyleMix, type StyleShare } from '../../commands/style-mix.ts';
import type { OptionsOf } from '../core/command.ts';
import type { GenerationRequest, InitImage, Mask } from '../core/request.ts';
import { type Style, wordOf } from '../core/style.ts';
import type { ServerSettings } from '../store/index.ts';
import type { BotOptions, Model, Models } from './ports.ts';
import { refusal } from './refusal.ts';
import type { SettingsHere } from './settings-here.ts';
import { readWritten, wordsAsRead } from './written-prompt.ts';
import { meansNone, unknownStyle } from './styles.ts';
import { chooseStyles, requestOf, type StyleInMix, usualStrength, type Wish } from './wish.ts';

/** As the command has them; a slider's styles come as shares. */
export type ImagineOptions = Omit<OptionsOf<typeof imagine>, 'style'> & {
  readonly style?: string | readonly StyleShare[] | undefined;
};

export type Resolved = {
  readonly request: GenerationRequest;
  /** Several where a mix was asked for. */
  readonly styles: readonly Style[];
  /** As it is shown and can be asked for again: `Neon`, `Neon:0.6+Ink:0.4`; '' for none. */
  readonly styleName: string;
  /** The words as typed, before the style's own. */
  readonly typed: { readonly prompt: string; readonly negative: string };
  /** What the prompt's words come to when it is read, for those who look for words in it. */
  readonly words: string;
};

export type ResolveContext = {
  readonly settings: SettingsHere;
  readonly options: BotOptions;
  readonly models: Models;
  readonly styles: readonly Style[];
  /** The asker's own default; undefined: the server's. */
  readonly mine: string | undefined;
  /** Used where none was asked for. */
  readonly seed: number;
  /** The picture to start from, kept as a file, with its size; and what of it is drawn anew, a file too. */
  readonly init:
    | {
        readonly file: string;
        readonly width: number;
        readonly height: number;
        readonly mask?: string | undefined;
      }
    | undefined;
};

/** Throws `UserError` `style.*`, `size.*`, `aspect.*`, `image.strength`. */
export function resolveImagine(asked: ImagineOptions, context: ResolveContext): Resolved {
  const { settings, options, models, init } = context;
  const model = serverModel(settings, options, models);
  const typed = { prompt: asked.prompt.trim(), negative: asked.negative?.trim() ?? '' };
  const grammar = settings.promptGrammar ?? 'weighted';
  const written = readWritten(typed, grammar, context.styles, model.manifest.id);
  const { pasted } = written;
  const styles = withNamed(asked.style, written.styles, () => stylesAsked(asked.style, model, context));
  const aspect =
    asked.aspect ??
    (asked.size === undefined && pasted.size ? `${pasted.size.width}:${pasted.size.height}` : undefined);
  const request = requestOf(
    {
      prompt: written.prompt,
      negative: written.negative,
      grammar,
      styles,
      seed: asked.seed ?? pasted.seed ?? context.seed,
      count: asked.count ?? settings.count,
      stepping: {
        steps: asked.steps ?? pasted.steps,
        guidance: asked.guidance ?? pasted.guidance,
        quality: asked.quality,
      },
      size: resolveSize(rulesOf(model), asked.size, aspect ?? aspectOf(asked.size, init)),
      init: initOf(asked.strength, init, model),
      mask: maskOf(init),
      rest: decoderHere(settings, model),
      transparent: asked.transparent,
    },
    withServerWords(model, context.styles),
  );
  const styleName = formatStyleMix(styles.map(({ style: { name }, share }) => ({ name, share })));
  return {
    request,
    styles: styles.map(({ style }) => style),
    styleName,
    typed,
    words: wordsAsRead(written.prompt, grammar),
  };
}

/** Styles named in the prompt itself: beside those that were chosen, instead of the usual one. */
function withNamed(
  given: ImagineOptions['style'],
  named: readonly StyleInMix[],
  chosen: () => readonly StyleInMix[],
): readonly StyleInMix[] {
  const others = named.length > 0 && given === undefined ? [] : chosen();
  return [...others.filter(({ style }) => !named.some((other) => other.style.id === style.id)), ...named];
}

/** The model with the words that the server's admins taught it, which go before its own. */
export function withServerWords(model: Model, styles: readonly Style[]): Model {
  const own = styles.filter((style) => style.model === model.manifest.id).flatMap((style) => wordOf(style) ?? []);
  return { ...model, embeddings: [...own, ...(model.embeddings ?? [])] };
}

/** The model a server draws with; the operator's where its own is no longer there. */
export function serverModel(settings: ServerSettings, options: BotOptions, models: Models): Model {
  const all = models.list();
  const byId = (id: string | undefined): Model | undefined => all.find(({ manifest }) => manifest.id === id);
  const model = byId(settings.model) ?? byId(options.model) ?? all[0];
  if (model === undefined) {
    throw refusal('settings.model', { given: options.model, models: '–' });
  }
  return model;
}

/** What is drawn where an option is left out, for the sentence that refuses a number. */
export function fallbacksOf(settings: ServerSettings, model: Model): Readonly<Record<string, number>> {
  const { steps, guidance } = model.manifest.defaults;
  return { steps, guidance, count: settings.count, strength: usualStrength(model) };
}

export function rulesOf({ manifest }: Pick<Model, 'manifest'>): SizeRules {
  const { width, height } = manifest.defaults;
  return { model: manifest.name, width, height, sides: manifest.sizes };
}

/** What was asked for, else the channel's, the asker's own usual style, else the server's. */
function stylesAsked(
  given: ImagineOptions['style'],
  model: Model,
  { styles, mine, settings }: ResolveContext,
): readonly StyleInMix[] {
  if (given !== undefined) {
    const shares = typeof given !== 'string' ? given : meansNone(given) ? [] : parseStyleMix(given);
    return chooseStyles(shares, styles, model, (name) => unknownStyle(styles, name));
  }
  const usual = settings.channelStyle ?? mine ?? settings.defaultStyle;
  // A default that is gone, or is for another model than today's, is passed over: nobody asked for it just now.
  const style = styles.find((candidate) => candidate.id === usual && candidate.model === model.manifest.id);
  return style === undefined ? [] : [{ style, share: 1 }];
}

/** The shape of the picture to start from, within what can be drawn; a size that was asked for goes before it. */
function aspectOf(size: string | undefined, init: ResolveContext['init']): string | undefined {
  if (size !== undefined || init === undefined) {
    return undefined;
  }
  return String(Math.round(Math.min(4, Math.max(0.25, init.width / init.height)) * 1000) / 1000);
}

function initOf(strength: number | undefined, init: ResolveContext['init'], model: Model): InitImage | undefined {
  if (init === undefined) {
    if (strength !== undefined) {
      throw refusal('image.strength');
    }
    return undefined;
  }
  return { file: init.file, strength: strength ?? usualStrength(model, maskOf(init)) };
}

/** As the server wants results of a model that has two ways. */
function decoderHere({ decoder }: ServerSettings, { hasTinyDecoder = false }: Model): Wish['rest'] {
  return hasTinyDecoder && decoder !== undefined ? { decoder } : {};
}

function maskOf(init: ResolveContext['init']): Mask | undefined {
  return init?.mask === undefined ? undefined : { file: init.mask };
}
