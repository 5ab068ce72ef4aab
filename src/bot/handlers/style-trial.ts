/**
 * `/style add`: a LoRA is fetched, inspected and seen before it is saved. Until then it is a draft, kept so that its
 * buttons work after a restart, and belongs to the admin who brought it.
 */
import { basename, extname } from 'node:path';
import { withTrigger } from '../../../commands/prompt-words.ts';
import { checkOptions } from '../../../commands/check.ts';
import { styleAdd } from '../../../commands/style.ts';
import { StoppedError, UserError } from '../../core/errors.ts';
import type { OptionValue } from '../../core/command.ts';
import { defaultRequest } from '../../core/default-request.ts';
import type { Locale } from '../../core/people.ts';
import type { MessageFile } from '../../core/message.ts';
import { composeGrid, encodeWithin } from '../../image/index.ts';
import type { StyleDraft, StylePreset } from '../../store/index.ts';
import { inboxIdOf } from '../inbox-record.ts';
import { audit } from '../auditing.ts';
import type { DraftAction } from '../button-id.ts';
import { requireAdmin, requireDrawable } from '../gates.ts';
import { randomId } from '../jobs/ids.ts';
import { modelOf } from '../jobs/lineage.ts';
import type { Kit, Turn } from '../kit.ts';
import type { LoraFacts, Model } from '../ports.ts';
import { sentences } from '../present/lines.ts';
import { trialMessage } from '../present/styles.ts';
import { refusal } from '../refusal.ts';
import { serverModel } from '../resolve.ts';
import { replace } from '../speaking.ts';
import { fromPreset, stylesOf } from '../styles.ts';
import { errorText, formatNumber, text } from '../texts/index.ts';
import { bringLora, removeUnused } from './lora-files.ts';
import { styleName, unknownModel } from './styles.ts';

const WEIGHT_STEP = 0.2;
const MAX_WEIGHT = 2;
const MAX_PREVIEW_BYTES = 4_000_000;

export async function addStyle(kit: Kit, turn: Turn, given: Readonly<Record<string, OptionValue>>): Promise<void> {
  const { actor, place } = turn.invocation;
  requireAdmin(actor);
  const asked = checkOptions(styleAdd, given);
  const styles = await stylesOf(place.server, kit.stores, kit.models);
  const name = styleName(asked.name, styles);
  if (styles.filter(({ origin }) => origin.kind === 'server').length >= kit.options.maxStyles) {
    throw refusal('style.full', { max: kit.options.maxStyles });
  }
  requireDrawable(kit, turn, `${name} ${asked.trigger ?? ''} ${asked.description ?? ''}`, []);
  const model =
    asked.model === undefined ? serverModel(turn.settings, kit.options, kit.models) : modelOf(kit.models, asked.model);
  if (model === undefined) {
    throw unknownModel(kit, asked.model ?? '');
  }
  const file = await bringLora(kit, asked);
  const found = await kit.loras.inspect(file);
  requireSameBase(found, model);
  const preset: StylePreset = {
    id: name.toLowerCase(),
    name,
    model: model.manifest.id,
    sha256: basename(file, extname(file)),
    ...(model.fingerprint === undefined ? {} : { base: model.fingerprint }),
    weight: asked.weight ?? 1,
    trigger: asked.trigger?.trim() ?? '',
    negative: asked.negative?.trim() ?? '',
    description: asked.description?.trim() ?? '',
    addedBy: actor.user,
    addedByName: actor.name,
    addedAtMs: kit.clock.now(),
  };
  const draft: StyleDraft = {
    id: randomId(kit.random),
    server: place.server,
    serverName: place.serverName,
    preset,
    found,
    seed: kit.random.uint32(),
    locale: turn.locale,
    address: turn.address,
    isShown: false,
  };
  await kit.stores.styles.saveDraft(draft);
  await kit.stores.inbox.discard(inboxIdOf(turn.invocation));
  await replace(turn, trialMessage(draft, turn.locale, undefined));
  await showTrial(kit, draft);
}

export async function handleDraft(kit: Kit, turn: Turn, action: DraftAction, id: string): Promise<void> {
  const { actor, place } = turn.invocation;
  requireAdmin(actor);
  const draft = await kit.stores.styles.draft(id);
  if (draft === undefined || draft.server !== place.server) {
    throw refusal('style.draft-gone');
  }
  if (draft.preset.addedBy !== actor.user) {
    throw refusal('style.draft-other');
  }
  switch (action) {
    case 'save':
      await save(kit, turn, draft);
      return;
    case 'discard':
      await kit.stores.styles.removeDraft(id);
      await removeUnused(kit, draft.preset.sha256);
      await replace(turn, sentences(text(turn.locale, 'style.draft.discarded')));
      return;
    case 'lighter':
      await reweigh(kit, turn, draft, -WEIGHT_STEP);
      return;
    case 'heavier':
      await reweigh(kit, turn, draft, WEIGHT_STEP);
      return;
    default:
      action satisfies never;
  }
}

/** Draws the preview of a draft and shows it where the draft stands. What goes wrong is said there too. */
export async function showTrial(kit: Kit, draft: StyleDraft): Promise<void> {
  const chat = kit.chatOf(draft.address.platform);
  const locale: Locale = draft.locale === 'de' ? 'de' : 'en';
  if (chat === undefined) {
    return;
  }
  const key = `${draft.id}:${draft.preset.weight}`;
  try {
    const picture = await preview(kit, draft, locale);
    const now = await kit.stores.styles.draft(draft.id);
    if (now?.preset.weight !== draft.preset.weight) {
      return; // saved, discarded, or tried at another weight meanwhile
    }
    const message = trialMessage(draft, locale, picture);
    const address = await chat.deliver(draft.address, message, { mode: 'edit', key, isFinal: true });
    await kit.stores.styles.saveDraft({ ...draft, address, isShown: true });
  } catch (error) {
    if (error instanceof StoppedError) {
      return; // the draft is kept, and shown after the next start
    }
    if (!(error instanceof UserError)) {
      throw error;
    }
    await kit.stores.styles.removeDraft(draft.id);
    const message = sentences(errorText(locale, error));
    await chat.deliver(draft.address, message, { mode: 'edit', key: `${key}:failed`, isFinal: true });
  }
}

function requireSameBase({ base }: LoraFacts, { manifest }: Model): void {
  // What the file does not tell shows in its preview.
  if (base !== 'other' && base !== manifest.base) {
    throw refusal('style.base', { loraBase: base, model: manifest.name, modelBase: manifest.base });
  }
}

async function save(kit: Kit, turn: Turn, draft: StyleDraft): Promise<void> {
  const { place } = turn.invocation;
  const styles = await stylesOf(place.server, kit.stores, kit.models);
  styleName(draft.preset.name, styles);
  await kit.stores.styles.save(place.server, draft.preset);
  await kit.stores.styles.removeDraft(draft.id);
  const { name, weight, model } = draft.preset;
  const is = `${formatNumber('en', weight)} · ${model}`;
  await audit(kit, turn, { what: 'style-add', params: { style: name }, was: '', is });
  const prompt = text(turn.locale, 'style.draft.prompt');
  await replace(turn, sentences(text(turn.locale, 'style.draft.saved', { prompt, style: name })));
}

async function reweigh(kit: Kit, turn: Turn, draft: StyleDraft, by: number): Promise<void> {
  const weight = Math.round((draft.preset.weight + by) * 100) / 100;
  if (Math.abs(weight) > MAX_WEIGHT) {
    throw refusal('style.weight', { weight: draft.preset.weight });
  }
  const changed = { ...draft, preset: { ...draft.preset, weight }, address: turn.address, isShown: false };
  await kit.stores.styles.saveDraft(changed);
  await kit.stores.inbox.discard(inboxIdOf(turn.invocation));
  await showTrial(kit, changed);
}

/** The same words and seed without and with the style, side by side. */
async function preview(kit: Kit, draft: StyleDraft, locale: Locale): Promise<MessageFile> {
  const { preset, seed, server } = draft;
  const model = modelOf(kit.models, preset.model);
  if (model === undefined) {
    throw unknownModel(kit, preset.model);
  }
  const prompt = text('en', 'style.draft.prompt');
  const without = defaultRequest(model.manifest, prompt, { seed });
  const { id, file, weight, trigger } = fromPreset(preset, kit.stores);
  const withStyle = { ...without, prompt: withTrigger(prompt, trigger), styles: [{ id, file, weight }] };
  const drawn = await Promise.all(
    [without, withStyle].map(async (request) => {
      const work = { kind: 'imagine', request } as const;
      return await kit.jobs.drawAside({ server, user: preset.addedBy, work, styleName: preset.name });
    }),
  );
  const { data, contentType, ending } = await encodeWithin(
    composeGrid(drawn.flatMap(({ raw }) => raw)),
    MAX_PREVIEW_BYTES,
  );
  const alt = text(locale, 'style.draft.alt', { style: preset.name });
  return { name: `${preset.id}${ending}`, contentType, data, alt, isSpoiler: false };
}
