/**
 * What somebody wrote or chose for /imagine → the request that is drawn: by Send, by the picture that follows the typing,
 * by a form. One reading and one set of rules, so that the live picture's last one is the very picture that Send gives.
 */
import { checkOptions } from '../../commands/check.ts';
import { parseFreeText } from '../../commands/grammar.ts';
import { imagine } from '../../commands/imagine.ts';
import { type OptionValue, readUpload, type Upload } from '../core/command.ts';
import type { UserKey } from '../core/people.ts';
import type { Picture } from '../core/picture.ts';
import { decodePicture, encodePng, maskPicture, maskValues } from '../image/index.ts';
import { type Asker, requireDrawable, requireMayDraw, requireWordsDrawn, type Rules } from './gates.ts';
import type { BotPorts } from './ports.ts';
import { refusal } from './refusal.ts';
import { fallbacksOf, type Resolved, type ResolveContext, resolveImagine, serverModel } from './resolve.ts';
import { settingsHere } from './settings-here.ts';
import { stylesOf } from './styles.ts';

export type ImagineReading = {
  /** As they come from the chat; `--seed 7` and the like in the prompt count too, a real option goes before them. */
  readonly given: Readonly<Record<string, OptionValue>>;
  /** Used where none was asked for. */
  readonly seed: number;
  /** One picture by the fastest recipe of the model, whatever is asked. */
  readonly isDraft?: boolean;
  /** A picture that is kept already; one that is given goes before it. */
  readonly init?: ResolveContext['init'];
  /** Where a picture that is given is put, and its mask; their paths and size. */
  readonly keep: (upload: Upload, mask: Upload | undefined) => Promise<NonNullable<ResolveContext['init']>>;
  /** What `from` names; absent: nothing is fetched for what is only being typed. */
  readonly find?: (from: string) => Promise<Upload>;
};

/** Throws `UserError` `allowed.*`, `option.*`, `style.*`, `size.*`, `image.*`, `safety.*`. */
export async function readImagine(
  { stores, models, options, ...rules }: Rules & Pick<BotPorts, 'models' | 'options'>,
  asker: Asker,
  { given, seed, init, keep, find, isDraft = false }: ImagineReading,
): Promise<Resolved> {
  const { actor, place } = asker;
  const settings = settingsHere(asker.settings, actor, place);
  await requireMayDraw({ stores }, asker);
  const written = typeof given['prompt'] === 'string' ? parseFreeText(imagine, given['prompt']) : {};
  const asked = checkOptions(
    imagine,
    { ...written, ...given, prompt: written['prompt'] },
    fallbacksOf(settings, serverModel(settings, options, models)),
  );
  if (asked.image !== undefined && asked.from !== undefined) {
    throw refusal('image.two');
  }
  const start = asked.image ?? (asked.from === undefined ? undefined : await find?.(asked.from));
  if (asked.mask !== undefined && start === undefined) {
    throw refusal('image.mask');
  }
  const wanted = isDraft ? { ...asked, quality: 'draft' as const, steps: undefined, count: 1 } : asked;
  const resolved = resolveImagine(wanted, {
    settings,
    options,
    models,
    styles: await stylesOf(place.server, stores, models),
    mine: await stores.people.style(actor.user, place.server),
    seed,
    init: start === undefined ? init : await keep(start, asked.mask),
  });
  requireDrawable(rules, asker, resolved.words, resolved.styles);
  await requireWordsDrawn({ ...rules, models }, { settings, isNsfw: place.isNsfw }, resolved.request);
  return resolved;
}

type Brought = { readonly upload: Upload; readonly by: UserKey; readonly maxSide?: number };
type Size = { readonly width: number; readonly height: number };
type Ports = Pick<BotPorts, 'hands' | 'options'>;

/** A stranger's picture as a PNG of drawing size. Throws `UserError` `image.*`. */
export function startPicture(ports: Ports, brought: Brought): Promise<Size & { readonly data: Uint8Array }> {
  return opened(ports, brought, false, async (picture) => {
    const { data } = await encodePng(picture);
    return { data, width: picture.width, height: picture.height };
  });
}

/** A stranger's picture and its mask, put where `keep` says. Throws as both do. */
export async function keptStart(
  ports: Ports,
  { upload, mask, by }: Brought & { readonly mask: Upload | undefined },
  keep: (png: Uint8Array) => Promise<string>,
): Promise<NonNullable<ResolveContext['init']>> {
  const { data, width, height } = await startPicture(ports, { upload, by });
  const masked = mask && (await startMask(ports, { upload: mask, by }, { width, height }));
  return { file: await keep(data), width, height, mask: masked && (await keep(masked)) };
}

/** A mask of a picture of that size, as a PNG in black and white. Throws `UserError` `image.*`, `mask.shape`, `mask.empty`. */
function startMask(ports: Ports, brought: Brought, size: Size): Promise<Uint8Array> {
  return opened(ports, brought, true, async (mask) => {
    const { data } = await encodePng(maskPicture(await maskValues(mask, size, size), size));
    return data;
  });
}

async function opened<T>(
  { hands, options }: Ports,
  { upload, by, maxSide = options.startSidePx }: Brought,
  keepsAlpha: boolean,
  use: (picture: Picture) => Promise<T>,
): Promise<T> {
  const maxBytes = options.maxInitBytes;
  if (upload.sizeBytes > maxBytes) {
    throw refusal('image.size', {
      max: Math.floor(maxBytes / 1_048_576),
      given: Math.ceil(upload.sizeBytes / 1_048_576),
    });
  }
  return await hands.pictures.during(by, async () =>
    use(await decodePicture(await readUpload(upload, maxBytes), { maxSide, keepsAlpha })),
  );
}
