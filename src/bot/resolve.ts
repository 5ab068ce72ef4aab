/**
 * From what somebody asked, the server's settings and the models there are to a request that leaves nothing open. The
 * same inputs give the same request: chance comes in as the seed.
 */
import type { imagine } from '../../commands/imagine.ts';
import { joinWords, withTrigger } from '../../commands/prompt-words.ts';
import { formatStyleMix, parseStyleMix } from '../../commands/style-mix.ts';
import { resolveSize, type SizeRules } from '../../commands/size.ts';
import type { OptionsOf } from '../core/command.ts';
import { defaultRequest } from '../core/default-request.ts';
import type { GenerationRequest, InitImage } from '../core/request.ts';
import type { ServerSettings } from '../store/index.ts';
import type { BotOptions, Model, Models } from './ports.ts';
import { refusal } from './refusal.ts';
import { findStyle, meansNone, type Style } from './styles.ts';

export type ImagineOptions = OptionsOf<typeof imagine>;

export type Resolved = {
  readonly request: GenerationRequest;
  /** Several where a mix was asked for. */
  readonly styles: readonly Style[];
  /** As it is shown and can be asked for again: `Neon`, `Neon:0.6+Ink:0.4`; '' for none. */
  readonly styleName: string;
  /** The words as typed, before the style's own. */
  readonly typed: { readonly prompt: string; readonly negative: string };
};

export type ResolveContext = {
  readonly settings: ServerSettings;
  readonly options: BotOptions;
  readonly models: Models;
  readonly styles: readonly Style[];
  /** The asker's own default; undefined: the server's. */
  readonly mine: string | undefined;
  /** Used where none was asked for. */
  readonly seed: number;
  /** The picture to start from, kept as a file, with its size. */
  readonly init: { readonly file: string; readonly width: number; readonly height: number } | undefined;
};

/** Words to keep out have no effect at guidance 1; who asks for them gets this much. */
const NEGATIVE_GUIDANCE = 1.5;
const DEFAULT_STRENGTH = 0.6;

/** Throws `UserError` `style.*`, `size.*`, `aspect.*`, `image.strength`. */
export function resolveImagine(asked: ImagineOptions, context: ResolveContext): Resolved {
  const { settings, options, models, init } = context;
  const model = serverModel(settings, options, models);
  const { defaults } = model.manifest;
  const uses = chooseStyles(asked.style, model, context);
  const typed = { prompt: asked.prompt.trim(), negative: asked.negative?.trim() ?? '' };
  const negative = uses.reduce((words, { style }) => joinWords(words, style.negative), typed.negative);
  const { width, height } = resolveSize(rulesOf(model), asked.size, asked.aspect ?? aspectOf(asked.size, init));
  const prompt = uses.reduceRight((words, { style }) => withTrigger(words, style.trigger), typed.prompt);
  const request = defaultRequest(model.manifest, prompt, {
    negative,
    styles: uses.map(({ style: { id, file, weight }, share }) => ({ id, file, weight: weight * share })),
    seed: asked.seed ?? context.seed,
    count: asked.count ?? settings.count,
    steps: asked.steps ?? defaults.steps,
    guidance:
      asked.guidance ?? (typed.negative === '' ? defaults.guidance : Math.max(defaults.guidance, NEGATIVE_GUIDANCE)),
    width,
    height,
    init: initOf(asked.strength, init),
  });
  const styleName = formatStyleMix(uses.map(({ style: { name }, share }) => ({ name, share })));
  return { request, styles: uses.map(({ style }) => style), styleName, typed };
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
  return { steps, guidance, count: settings.count, strength: DEFAULT_STRENGTH };
}

export function rulesOf({ manifest }: Model): SizeRules {
  const { width, height } = manifest.defaults;
  return { model: manifest.name, width, height, sides: manifest.sizes };
}

type StyleUse = { readonly style: Style; readonly share: number };

function chooseStyles(
  given: string | undefined,
  model: Model,
  { styles, mine, settings }: ResolveContext,
): readonly StyleUse[] {
  const { id } = model.manifest;
  if (given !== undefined) {
    return meansNone(given) ? [] : styleMix(given, styles, id);
  }
  const usual = mine ?? settings.defaultStyle;
  // A default that is gone, or is for another model than today's, is passed over: nobody asked for it just now.
  const style = styles.find((candidate) => candidate.id === usual && candidate.model === id);
  return style === undefined ? [] : [{ style, share: 1 }];
}

function styleMix(given: string, styles: readonly Style[], model: string): readonly StyleUse[] {
  return parseStyleMix(given).map(({ name, share }) => {
    const style = findStyle(styles, name, model);
    if (style.model !== model) {
      throw refusal('style.model', { style: style.name, styleModel: style.model, model });
    }
    return { style, share };
  });
}

/** The shape of the picture to start from, within what can be drawn; a size that was asked for goes before it. */
function aspectOf(size: string | undefined, init: ResolveContext['init']): string | undefined {
  if (size !== undefined || init === undefined) {
    return undefined;
  }
  return String(Math.round(Math.min(4, Math.max(0.25, init.width / init.height)) * 1000) / 1000);
}

function initOf(strength: number | undefined, init: ResolveContext['init']): InitImage | undefined {
  if (init === undefined) {
    if (strength !== undefined) {
      throw refusal('image.strength');
    }
    return undefined;
  }
  return { file: init.file, strength: strength ?? DEFAULT_STRENGTH };
}
