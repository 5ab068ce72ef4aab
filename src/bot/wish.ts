/**
 * From a wish to a request, for everybody who wants pictures: /imagine, the picture that follows typing, a style's
 * trial, the command line. Pure: the same wish and model give the same request; chance comes in as the seed.
 */
import { onPlainGround, withoutTransparent } from '../../commands/plain-ground.ts';
import { joinWords, withTrigger } from '../../commands/prompt-words.ts';
import type { StyleShare } from '../../commands/style-mix.ts';
import { defaultRequest } from '../core/default-request.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { EmbeddingUse, Fingerprint, GenerationRequest, InitImage } from '../core/request.ts';
import { type Style, useOf } from '../core/style.ts';
import { refusal } from './refusal.ts';
import { steppingOf, type SteppedModel, type SteppingWish } from './stepping.ts';

export type StyleInMix = { readonly style: Style; readonly share: number };

export type Wish = {
  /** As typed, before the styles' own words. */
  readonly prompt: string;
  readonly negative?: string | undefined;
  /** How both are read; as weighted prompts where nothing is said. */
  readonly grammar?: GenerationRequest['promptGrammar'];
  readonly styles?: readonly StyleInMix[];
  readonly seed: number;
  readonly count?: number | undefined;
  readonly stepping?: SteppingWish;
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  readonly init?: InitImage | undefined;
  /** A transparent ground; the words "on transparent" at a prompt's end ask for it too. */
  readonly transparent?: boolean | undefined;
  /** What of the request is wished for by itself. */
  readonly rest?: Partial<Pick<GenerationRequest, 'vae' | 'precision' | 'decoder'>>;
};

/** What of a model a wish needs. */
export type WishedModel = {
  /** Textual inversions that it can be asked for. */
  readonly embeddings?: readonly EmbeddingUse[];
  readonly manifest: Pick<ModelManifest, 'id' | 'defaults' | 'plainGrounds'> & SteppedModel;
  readonly fingerprint?: Fingerprint | undefined;
};

const USUAL_STRENGTH = 0.6;
/** How much of a picture to start from is drawn anew where nobody says. */
export function usualStrength({ manifest }: Pick<WishedModel, 'manifest'>): number {
  return manifest.defaults.strength ?? USUAL_STRENGTH;
}

/** Words to keep out have no effect at guidance 1; who asks for them gets this much. */
const NEGATIVE_GUIDANCE = 1.5;

export function requestOf(wish: Wish, { manifest, fingerprint, embeddings = [] }: WishedModel): GenerationRequest {
  const { defaults } = manifest;
  // A style at no share adds nothing, its words neither.
  const uses = (wish.styles ?? []).filter(({ share }) => share !== 0);
  const negative = wish.negative ?? '';
  const said = withoutTransparent(wish.prompt);
  const alpha = wish.transparent ?? said.isTransparent;
  const thing = alpha ? onPlainGround(said.prompt, manifest.plainGrounds ?? []) : wish.prompt;
  const prompt = uses.reduceRight((words, { style }) => withTrigger(words, style.trigger), thing);
  const keptOut = uses.reduce((words, { style }) => joinWords(words, style.negative), negative);
  return defaultRequest(manifest, prompt, {
    negative: keptOut,
    embeddings: embeddings.filter(({ word }) => namesWord(`${prompt} ${keptOut}`, word)),
    promptGrammar: wish.grammar ?? 'weighted',
    fingerprint,
    styles: uses.map(({ style, share }) => useOf(style, share)),
    seed: wish.seed,
    count: wish.count ?? 1,
    ...steppingOf({ leastGuidance: negative === '' ? 0 : NEGATIVE_GUIDANCE, ...wish.stepping }, manifest),
    width: wish.size?.width ?? defaults.width,
    height: wish.size?.height ?? defaults.height,
    init: wish.init,
    alpha,
    ...wish.rest,
  });
}

/** Whether the word stands in a text, whatever its case; the engine looks where. */
function namesWord(text: string, word: string): boolean {
  return text.toLowerCase().includes(word.toLowerCase());
}

/**
 * The styles of a mix by name, those for `model` before their namesakes. Throws `UserError` `style.model` for a style of
 * another model, `style.base` for one made for another state of this one, and what `unknown` makes of a name.
 */
export function chooseStyles(
  shares: readonly StyleShare[],
  styles: readonly Style[],
  model: WishedModel,
  unknown: (given: string) => Error,
): readonly StyleInMix[] {
  const { id } = model.manifest;
  return shares.map(({ name, share }) => {
    const style = styleNamed(styles, name, id);
    if (style === undefined) {
      throw unknown(name);
    }
    if (style.model !== id) {
      throw refusal('style.model', { style: style.name, styleModel: style.model, model: id });
    }
    requireSameBase(style, model);
    return { style, share };
  });
}

/** By id or name; one for `model` goes before its namesakes. */
export function styleNamed(styles: readonly Style[], given: string, model?: string): Style | undefined {
  const wanted = given.trim().toLowerCase();
  const found = styles.filter(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
  return found.find((style) => style.model === model) ?? found[0];
}

function requireSameBase({ name, base }: Style, { manifest, fingerprint }: WishedModel): void {
  if (base !== undefined && fingerprint !== undefined && base !== fingerprint) {
    throw refusal('style.base-changed', { style: name, model: manifest.id });
  }
}
