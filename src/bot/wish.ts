/**
 * From a wish to a request, for everybody who wants pictures: /imagine, the picture that follows typing, a style's
 * trial, the command line. Pure: the same wish and model give the same request; chance comes in as the seed.
 */
import { onPlainGround, withoutTransparent } from '../../commands/plain-ground.ts';
import { atWeight, joinWords, withTrigger } from '../../commands/prompt-words.ts';
import type { StyleShare } from '../../commands/style-mix.ts';
import { defaultRequest } from '../core/default-request.ts';
import { netsOf } from '../core/fingerprint.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { EmbeddingUse, Fingerprint, GenerationRequest, InitImage, Mask } from '../core/request.ts';
import { type Style, useOf, wordOf } from '../core/style.ts';
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
  /** What of that picture is drawn anew; left out: all of it. */
  readonly mask?: Mask | undefined;
  /** A transparent ground; the words "on transparent" at a prompt's end ask for it too. */
  readonly transparent?: boolean | undefined;
  /** What of the request is wished for by itself. */
  readonly rest?: Partial<Pick<GenerationRequest, 'vae' | 'precision' | 'decoder'>> | undefined;
};

/** What of a model a wish needs. */
export type WishedModel = {
  /** Textual inversions that it can be asked for. */
  readonly embeddings?: readonly EmbeddingUse[];
  readonly manifest: Pick<ModelManifest, 'id' | 'defaults' | 'plainGrounds' | 'precision' | 'decoder'> & SteppedModel;
  readonly fingerprint?: Fingerprint | undefined;
};

const USUAL_STRENGTH = 0.6;
/** How much of a picture to start from is drawn anew where nobody says; what a mask covers, wholly. */
export function usualStrength({ manifest }: Pick<WishedModel, 'manifest'>, mask?: Mask): number {
  return mask === undefined ? (manifest.defaults.strength ?? USUAL_STRENGTH) : 1;
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
  const grammar = wish.grammar ?? 'weighted';
  const prompt = uses.reduceRight((words, used) => withOwnWords(words, used, grammar), thing);
  const keptOut = uses.reduce((words, { style }) => joinWords(words, style.negative), negative);
  const learned = [...uses.flatMap(({ style }) => wordOf(style) ?? []), ...embeddings];
  return defaultRequest(manifest, prompt, {
    negative: keptOut,
    embeddings: namedIn(`${prompt} ${keptOut}`, learned),
    promptGrammar: grammar,
    fingerprint,
    styles: uses.flatMap(({ style, share }) => (wordOf(style) === undefined ? useOf(style, share) : [])),
    seed: wish.seed,
    count: wish.count ?? 1,
    ...steppingOf({ leastGuidance: negative === '' ? 0 : NEGATIVE_GUIDANCE, ...wish.stepping }, manifest),
    width: wish.size?.width ?? defaults.width,
    height: wish.size?.height ?? defaults.height,
    init: wish.init,
    mask: wish.mask,
    alpha,
    ...wish.rest,
  });
}

/** The prompt with what a style puts into it: a textual inversion its word, unless that is what it keeps out. */
function withOwnWords(
  prompt: string,
  { style, share }: StyleInMix,
  grammar: GenerationRequest['promptGrammar'],
): string {
  const word = wordOf(style)?.word;
  if (word === undefined) {
    return withTrigger(prompt, style.trigger);
  }
  const isThere = holds(prompt, word) || holds(style.negative, word);
  return isThere ? prompt : joinWords(grammar === 'plain' ? word : atWeight(word, style.weight * share), prompt);
}

/** Those whose word stands in a text, each word once; the engine looks where. Tokens by number may be anyone's. */
function namedIn(text: string, learned: readonly EmbeddingUse[]): readonly EmbeddingUse[] {
  const byWord = new Map(learned.toReversed().map((use) => [use.word.toLowerCase(), use]));
  const named = [...byWord.values()].toReversed().filter(({ word }) => holds(text, word));
  return named.length === 0 && byWord.size === 1 && NUMBERED_TOKEN.test(text) ? [...byWord.values()] : named;
}

/** As pivotal tuning's authors write the vectors of the one word that they trained. */
const NUMBERED_TOKEN = /<s\d+>/iu;

function holds(text: string, word: string): boolean {
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
  if (base !== undefined && fingerprint !== undefined && netsOf(base) !== netsOf(fingerprint)) {
    throw refusal('style.base-changed', { style: name, model: manifest.id });
  }
}
