/** Who may do what, and what may be drawn where. Every command, button, select and form comes through here. */
import type { Invocation } from '../core/chat.ts';
import { drawsTheSame } from '../core/fingerprint.ts';
import type { Job } from '../core/job.ts';
import type { Actor, Role } from '../core/people.ts';
import { type GenerationRequest, startFiles } from '../core/request.ts';
import type { Style } from '../core/style.ts';
import type { ServerSettings } from '../store/index.ts';
import { modelOf, rootOf } from './jobs/job-ancestry.ts';
import type { TransientWork } from './jobs/execute-job.ts';
import type { BotContext } from './context.ts';
import type { Models } from './ports.ts';
import { promptOf } from './present/answer.ts';
import { refusal } from './refusal.ts';
import { readText, type ReadText } from './safety/normalise.ts';
import { WordList } from './safety/word-list.ts';
import { builtinStyles, stylesOf } from './styles.ts';

/** Throws `UserError` `allowed.admin`. */
export function requireAdmin(actor: Actor): void {
  if (!actor.isAdmin) {
    throw refusal('allowed.admin');
  }
}

/** Throws `UserError` `allowed.requester`. */
export function requireOwner(actor: Actor, job: Job): void {
  if (actor.user !== job.user && !actor.isModerator && !actor.isAdmin) {
    throw refusal('allowed.requester', { name: job.userName });
  }
}

/** Who asks, where, under which settings. */
export type Asker = Pick<Invocation, 'actor' | 'place'> & { readonly settings: ServerSettings };

/** What every drawing is measured by. */
export type Rules = Pick<BotContext, 'stores' | 'blockedWords' | 'adultWords'>;

function hasOne(actor: Actor, roles: readonly Role[]): boolean {
  return roles.some(({ id }) => actor.roles?.includes(id) === true);
}

function namesOf(roles: readonly Role[]): string {
  return roles.map(({ name }) => name).join(', ');
}

/** Throws `UserError` `allowed.requester` where a picture's buttons are its requester's alone. */
export function requireMayPress({ actor, settings }: Pick<Asker, 'actor' | 'settings'>, job: Job): void {
  if (settings.buttonsFor === 'requester') {
    requireOwner(actor, job);
  }
}

/** Throws `UserError` `allowed.blocked`, `allowed.role` or `allowed.channel`. */
export async function requireMayDraw({ stores }: Pick<Rules, 'stores'>, asker: Asker): Promise<void> {
  const { actor, place, settings } = asker;
  if (await stores.people.isBlocked(place.server, actor.user)) {
    throw refusal('allowed.blocked');
  }
  const { drawRoles = [] } = settings;
  if (drawRoles.length > 0 && !actor.isAdmin && !hasOne(actor, drawRoles)) {
    throw refusal('allowed.role', { roles: namesOf(drawRoles) });
  }
  const where = [place.channel, place.parentChannel];
  if (settings.channels.length > 0 && !settings.channels.some((channel) => where.includes(channel))) {
    throw refusal('allowed.channel', { channels: settings.channels.join(', ') });
  }
}

/**
 * Throws `UserError` `allowed.style`, `safety.word`, `safety.nsfw` or `safety.nsfw-style`. Checked are the words of the prompt and of the
 * style; what is to be kept out may name anything.
 */
export function requireDrawable(
  rules: Omit<Rules, 'stores'>,
  { actor, settings, place }: Asker,
  prompt: string,
  styles: readonly Style[],
): void {
  for (const { id, name } of styles) {
    const roles = settings.styleRoles?.[id] ?? [];
    if (roles.length > 0 && !actor.isAdmin && !hasOne(actor, roles)) {
      throw refusal('allowed.style', { style: name, roles: namesOf(roles) });
    }
  }
  const where = { settings, isNsfw: place.isNsfw };
  requireWords(rules, where, prompt);
  const style = styles.find(
    ({ name, trigger, description }) => rules.adultWords.find(`${name} ${trigger} ${description}`) !== undefined,
  );
  if (style !== undefined && !isForAdults(where)) {
    throw refusal('safety.nsfw-style', { style: style.name });
  }
}

type Where = { readonly settings: ServerSettings; readonly isNsfw: boolean };

/** Throws `UserError` `safety.word` or `safety.nsfw`. */
function requireWords(rules: Omit<Rules, 'stores'>, where: Where, words: string): void {
  const read = readText(words);
  requireUnblocked(rules, where.settings, read);
  const adult = isForAdults(where) ? undefined : rules.adultWords.find(read);
  if (adult !== undefined) {
    throw refusal('safety.nsfw', { word: adult });
  }
}

/** Throws `UserError` `safety.word`. */
function requireUnblocked(rules: Omit<Rules, 'stores'>, settings: ServerSettings, words: ReadText): void {
  const word = rules.blockedWords.find(words) ?? new WordList(settings.blockedWords).find(words);
  if (word !== undefined) {
    throw refusal('safety.word', { word });
  }
}

/**
 * What is really drawn: the words with the styles' own, as they are and as the model reads them, which may put other
 * languages into English and one word for another. Throws `UserError` `safety.word` or `safety.nsfw`.
 */
export async function requireWordsDrawn(
  rules: Omit<Rules, 'stores'> & Pick<BotContext, 'models'>,
  where: Where,
  { model, prompt, negative }: Pick<GenerationRequest, 'model' | 'prompt' | 'negative'>,
): Promise<void> {
  const reads = modelOf(rules.models, model)?.reads ?? ((text: string) => Promise.resolve(text));
  for (const words of new Set([prompt, await reads(prompt)])) {
    requireWords(rules, where, words);
  }
  // What is to be kept out may name what is for adults, which keeps it out; what nobody may name is named nowhere.
  for (const words of new Set([negative, await reads(negative)])) {
    requireUnblocked(rules, where.settings, readText(words));
  }
}

function isForAdults({ settings, isNsfw }: Where): boolean {
  return settings.adult === 'marked' && isNsfw;
}

/**
 * The one gate before anything is made of a job's pictures, or it is shown again: who asks and where, its words, its
 * styles as they are today. Throws `UserError` `allowed.*` or `safety.*`.
 */
async function requireJobDrawable(
  rules: Rules & Pick<BotContext, 'models'>,
  asker: Asker,
  { request, typed }: { readonly request: GenerationRequest; readonly typed: string },
): Promise<void> {
  await requireMayDraw(rules, asker);
  const ids = new Set(request.styles.map(({ id }) => id));
  const styles = (await stylesOf(asker.place.server, rules.stores, rules.models)).filter(({ id }) => ids.has(id));
  requireDrawable(rules, asker, typed, styles);
  await requireWordsDrawn(rules, { settings: asker.settings, isNsfw: asker.place.isNsfw }, request);
}

/** The same for a job, by the one that drew it from words; resolves to that one, undefined where it is no longer kept. */
export async function requireShowable(
  context: Rules & Pick<BotContext, 'models'>,
  asker: Asker,
  job: Job,
): Promise<Awaited<ReturnType<typeof rootOf>>> {
  requireMayPress(asker, job);
  const root = await rootOf(job, (id) => context.stores.jobs.get(id));
  if (root === undefined) {
    await requireMayDraw(context, asker);
    requireDrawable(context, asker, promptOf(job), []);
  } else {
    await requireJobDrawable(context, asker, { request: root.work.request, typed: promptOf(root) });
  }
  return root;
}

/**
 * The last look before a device draws, at what it really draws: the words with the styles' own, and the model. Whatever
 * made the request, and however long ago, comes through here. Throws `UserError` `safety.*`, `job.model-…` or `job.init-gone`.
 */
export async function checkBeforeDrawing(
  rules: Rules & Pick<BotContext, 'models'>,
  work: TransientWork,
): Promise<void> {
  if (work.work.kind !== 'imagine') {
    await requireKept(rules, [work.work.request.file]);
    return;
  }
  const { request } = work.work;
  const settings = await rules.stores.settings.of(work.server);
  await requireWordsDrawn(rules, { settings, isNsfw: work.isNsfwChannel }, request);
  requireSameModel(rules.models, request);
  await requireKept(rules, startFiles(request));
}

/** Throws `UserError` `job.unknown`, as for a private one of somebody else, or `job.elsewhere`. */
export async function requireJob(
  context: Pick<BotContext, 'stores'>,
  { actor, place }: Pick<Asker, 'actor' | 'place'>,
  id: string,
): Promise<Job> {
  const job = await context.stores.jobs.get(id);
  if (job === undefined || (job.isPrivate === true && actor.user !== job.user)) {
    throw refusal('job.unknown');
  }
  if (job.server !== place.server) {
    throw refusal('job.elsewhere');
  }
  return job;
}

/** Throws `UserError` `job.model-gone`, or `job.model-changed` where the model is not what the request was made for. */
export function requireSameModel(models: Models, { model: id, fingerprint }: GenerationRequest): void {
  const model = modelOf(models, id);
  if (model === undefined) {
    throw refusal('job.model-gone', { model: id });
  }
  if (fingerprint !== undefined && model.fingerprint !== undefined && !drawsTheSame(fingerprint, model.fingerprint)) {
    throw refusal('job.model-changed', { model: model.manifest.name });
  }
}

/**
 * Throws `UserError` `job.model-gone`, `job.model-changed`, `job.style-gone` or `job.init-gone` where what a picture was drawn with is no
 * longer here: a device would only find a file missing, and say so with its path.
 */
export async function requireStillThere(
  { models, stores }: BotContext,
  job: Job,
  request: GenerationRequest,
): Promise<void> {
  requireSameModel(models, request);
  const words = models.list().flatMap(({ embeddings = [] }) => embeddings);
  const builtin = new Set([...builtinStyles(models), ...words].map(({ file }) => file));
  const added = await stores.styles.of(job.server);
  for (const { file } of [...request.styles, ...request.embeddings]) {
    // One that was removed is kept for a day, for Undo alone.
    const isUsed = added.some(({ sha256 }) => file.includes(sha256));
    if (!builtin.has(file) && !(isUsed && (await stores.files.has(file)))) {
      throw refusal('job.style-gone', { style: job.styleName });
    }
  }
  await requireKept({ stores }, startFiles(request));
}

/** Throws `UserError` `job.init-gone` where a picture to start from, or a mask, is no longer kept. */
export async function requireKept({ stores }: Pick<BotContext, 'stores'>, files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (!(await stores.files.has(file))) {
      throw refusal('job.init-gone');
    }
  }
}
