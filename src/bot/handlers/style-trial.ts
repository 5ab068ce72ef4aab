/**
 * `/style add`: a LoRA is fetched, inspected and seen before it is saved. Until then it is a draft, kept so that its
 * buttons work after a restart, and belongs to the admin who brought it.
 */
import { StoppedError, UserError } from '../../core/errors.ts';
import type { Given } from '../../core/command.ts';
import { netsOf } from '../../core/fingerprint.ts';
import type { Locale } from '../../core/people.ts';
import type { MessageFile } from '../../core/message.ts';
import { composeGrid, encodeWithin } from '../../image/index.ts';
import type { StyleDraft, StylePreset } from '../../store/index.ts';
import { inboxIdOf } from '../inbox-record.ts';
import { audit } from '../auditing.ts';
import type { DraftAction } from '../button-id.ts';
import { requireAdmin } from '../gates.ts';
import { randomId } from '../jobs/ids.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import type { BotContext, RequestContext } from '../context.ts';
import type { LoraFacts, Model } from '../ports.ts';
import { sentences } from '../present/lines.ts';
import { trialMessage } from '../present/styles.ts';
import { refusal } from '../refusal.ts';
import { replace } from '../speaking.ts';
import { fromPreset, stylesOf } from '../styles.ts';
import { requestOf } from '../wish.ts';
import { errorText, formatNumber, localeOf, text } from '../texts/index.ts';
import { backToCollecting, endTraining, trainOn } from '../training/press.ts';
import { requireHere } from '../training/own-training.ts';
import { bringStyle, removeUnused } from './lora-files.ts';
import { newStyleOf } from './new-style.ts';
import { styleName, unknownModel } from './styles.ts';

const WEIGHT_STEP = 0.2;
const MAX_WEIGHT = 2;
const MAX_PREVIEW_BYTES = 4_000_000;

export async function addStyle(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  const { actor, place } = asked.invocation;
  requireAdmin(actor);
  const { wanted, name, model, source } = await newStyleOf(context, asked, given);
  const { sha256, found } = await bringStyle(context, place.server, source, (facts) =>
    requireSameBase(facts, model, name),
  );
  const preset: StylePreset = {
    id: name.toLowerCase(),
    name,
    model: model.manifest.id,
    sha256,
    ...(model.fingerprint === undefined ? {} : { base: model.fingerprint }),
    ...(found.embedding === undefined ? {} : { kind: 'embedding' }),
    weight: wanted.weight ?? 1,
    // Of a textual inversion, the word that it is used by.
    trigger: wanted.trigger?.trim() || (found.embedding && (found.embedding.token ?? name)) || '',
    negative: wanted.negative?.trim() ?? '',
    description: wanted.description?.trim() ?? '',
    addedBy: actor.user,
    addedByName: actor.name,
    addedAtMs: context.clock.now(),
  };
  const draft: StyleDraft = {
    id: randomId(context.random),
    server: place.server,
    serverName: place.serverName,
    preset,
    found: { kind: found.kind, rank: found.rank, base: found.base, triggers: found.triggers },
    seed: context.random.uint32(),
    locale: asked.locale,
    address: asked.address,
    isNsfwChannel: place.isNsfw,
    isShown: false,
  };
  await context.stores.styles.saveDraft(draft);
  await context.stores.inbox.discard(inboxIdOf(asked.invocation));
  await replace(asked, trialMessage(draft, asked.locale, undefined));
  await showTrial(context, draft);
}

export async function handleDraft(
  context: BotContext,
  asked: RequestContext,
  action: DraftAction,
  id: string,
): Promise<void> {
  const { actor, place } = asked.invocation;
  const draft = await context.stores.styles.draft(id);
  if (draft !== undefined) {
    const { name, addedBy: by } = draft.preset;
    requireHere(asked, { ...draft, name, by });
  }
  requireAdmin(actor);
  if (draft === undefined || draft.server !== place.server) {
    throw refusal('style.draft-gone');
  }
  if (draft.preset.addedBy !== actor.user) {
    throw refusal('style.draft-other');
  }
  switch (action) {
    case 'save':
      return await save(context, asked, draft);
    case 'train-on':
      return await trainOn(context, asked, draft);
    case 'keep':
      await context.trainings.change(id, (known) => ({ ...known, keepsPictures: !known.keepsPictures }));
      return await reweigh(context, asked, draft, 0);
    case 'discard':
      await endTraining(context, id, 'discarded');
      await context.stores.styles.removeDraft(id);
      await removeUnused(context, draft.preset.sha256);
      await replace(asked, sentences(text(asked.locale, 'style.draft.discarded')));
      return;
    case 'lighter':
      return await reweigh(context, asked, draft, -WEIGHT_STEP);
    case 'heavier':
      return await reweigh(context, asked, draft, WEIGHT_STEP);
    default:
      return action satisfies never;
  }
}

/** Draws the preview of a draft and shows it where the draft stands. What goes wrong is said there too. */
export async function showTrial(context: BotContext, draft: StyleDraft): Promise<void> {
  const chat = context.chatOf(draft.address.platform);
  const locale = localeOf(draft.locale);
  if (chat === undefined) {
    return;
  }
  const key = `${draft.id}:${draft.preset.weight}`;
  try {
    const picture = await preview(context, draft, locale);
    const now = await context.stores.styles.draft(draft.id);
    if (now?.preset.weight !== draft.preset.weight) {
      return; // saved, discarded, or tried at another weight meanwhile
    }
    const message = trialMessage(draft, locale, picture, await context.stores.trainings.get(draft.id));
    const address = await chat.deliver(draft.address, message, { mode: 'edit', key, isFinal: true });
    // Pressed already, it is another by now.
    const shown = await context.stores.styles.draft(draft.id);
    if (shown?.preset.weight === draft.preset.weight) {
      await context.stores.styles.saveDraft({ ...shown, address, isShown: true });
    }
  } catch (error) {
    if (error instanceof StoppedError) {
      return; // the draft is kept, and shown after the next start
    }
    if (!(error instanceof UserError)) {
      throw error;
    }
    await context.stores.styles.removeDraft(draft.id);
    await removeUnused(context, draft.preset.sha256);
    if (await backToCollecting(context, draft.id, error)) {
      return;
    }
    const message = sentences(errorText(locale, error));
    await chat.deliver(draft.address, message, { mode: 'edit', key: `${key}:failed`, isFinal: true });
  }
}

function requireSameBase(
  { base, madeFor, embedding }: LoraFacts,
  { manifest, fingerprint }: Model,
  name: string,
): void {
  // What the file does not tell shows in its preview.
  // SSD-1B and Vega have SDXL's text encoders, so its words too.
  const isWordOfFamily = embedding !== undefined && base === 'sdxl' && manifest.base === 'ssd1b';
  if (base !== 'other' && base !== manifest.base && !isWordOfFamily) {
    throw refusal('style.base', { loraBase: base, model: manifest.name, modelBase: manifest.base });
  }
  if (madeFor !== undefined && fingerprint !== undefined && netsOf(madeFor) !== netsOf(fingerprint)) {
    throw refusal('style.trained-elsewhere', { style: name, model: manifest.name });
  }
}

async function save(context: BotContext, asked: RequestContext, draft: StyleDraft): Promise<void> {
  const { place } = asked.invocation;
  const styles = await stylesOf(place.server, context.stores, context.models);
  styleName(draft.preset.name, styles);
  await context.stores.styles.save(place.server, draft.preset);
  await context.stores.styles.removeDraft(draft.id);
  await endTraining(context, draft.id, 'saved');
  const { name, weight, model } = draft.preset;
  const is = `${formatNumber('en', weight)} · ${model}`;
  await audit(context, asked, { what: 'style-add', params: { style: name }, was: '', is });
  const prompt = text(asked.locale, 'style.draft.prompt');
  await replace(asked, sentences(text(asked.locale, 'style.draft.saved', { prompt, style: name })));
}

async function reweigh(context: BotContext, asked: RequestContext, draft: StyleDraft, by: number): Promise<void> {
  const weight = Math.round((draft.preset.weight + by) * 100) / 100;
  if (Math.abs(weight) > MAX_WEIGHT) {
    throw refusal('style.weight', { weight: draft.preset.weight });
  }
  const changed = { ...draft, preset: { ...draft.preset, weight }, address: asked.address, isShown: false };
  await context.stores.styles.saveDraft(changed);
  await context.stores.inbox.discard(inboxIdOf(asked.invocation));
  await showTrial(context, changed);
}

/** The same words and seed without and with the style, side by side. */
async function preview(context: BotContext, draft: StyleDraft, locale: Locale): Promise<MessageFile> {
  const { preset, seed, server } = draft;
  const model = modelOf(context.models, preset.model);
  if (model === undefined) {
    throw unknownModel(context, preset.model);
  }
  // Of a style that was learnt here more is to be seen than of one that somebody else has tried.
  const prompts = [
    text('en', 'style.draft.prompt'),
    ...(preset.made === undefined ? [] : [text('en', 'training.prompt')]),
  ];
  const styles = [{ style: fromPreset(preset, context.stores), share: 1 }];
  const requests = prompts.flatMap((prompt) => [
    requestOf({ prompt, seed }, model),
    requestOf({ prompt, seed, styles }, model),
  ]);
  const drawn = await Promise.all(
    requests.map(async (request) => {
      const work = { kind: 'imagine', request } as const;
      return await context.jobs.drawWithoutJob({
        server,
        user: preset.addedBy,
        isNsfwChannel: draft.isNsfwChannel ?? false,
        work,
        styleName: preset.name,
      });
    }),
  );
  const { data, contentType, ending } = await encodeWithin(
    composeGrid(drawn.flatMap(({ raw }) => raw)),
    MAX_PREVIEW_BYTES,
  );
  const alt = text(locale, 'style.draft.alt', { style: preset.name });
  return { name: `${preset.id}${ending}`, contentType, data, alt, isSpoiler: false };
}
