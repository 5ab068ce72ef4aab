/** The LoRA files of styles: brought by an admin, kept while some style uses them. */
import { basename, extname } from 'node:path';
import type { styleAdd } from '../../../commands/style.ts';
import type { OptionsOf } from '../../core/command.ts';
import { checkSafetensorsHead, tooLarge } from '../../store/index.ts';
import type { BotContext } from '../context.ts';
import type { ServerKey } from '../../core/people.ts';
import type { LoraFacts } from '../ports.ts';
import { refusal } from '../refusal.ts';

const MB = 1_048_576;

/** A LoRA that no server's style uses is not kept. */
export async function removeUnused(context: BotContext, sha256: string): Promise<void> {
  if (!(await context.stores.styles.usesFile(sha256))) {
    await context.stores.files.remove(context.stores.files.pathOf('loras', sha256, '.safetensors'));
  }
}

/**
 * Brings a LoRA and looks into it: one that is refused is not kept. Throws `UserError` `style.source`,
 * `style.two-sources`, `style.room`, `lora.*`, and what `check` throws.
 */
export async function bringStyle(
  context: BotContext,
  server: ServerKey,
  given: Pick<OptionsOf<typeof styleAdd>, 'file' | 'url'>,
  check: (found: LoraFacts) => void,
): Promise<{ readonly sha256: string; readonly found: LoraFacts }> {
  const file = await bringLora(context, given);
  const sha256 = basename(file, extname(file));
  try {
    await requireRoom(context, server, sha256);
    const found = await context.loras.inspect(file);
    check(found);
    return { sha256, found };
  } catch (error) {
    await removeUnused(context, sha256);
    throw error;
  }
}

/** Throws `UserError` `style.room` where the server's styles, or all there are, would weigh more than they may. */
export async function requireRoom(
  { stores, options }: Pick<BotContext, 'stores' | 'options'>,
  server: ServerKey,
  added: string,
): Promise<void> {
  const weigh = async (hashes: ReadonlySet<string>): Promise<number> => {
    const sizes = [...hashes, added].map((hash) =>
      stores.files.sizeOf(stores.files.pathOf('loras', hash, '.safetensors')),
    );
    return (await Promise.all(hashes.has(added) ? sizes.slice(0, -1) : sizes)).reduce((sum, size) => sum + size, 0);
  };
  const bounds = [
    [await weigh(await stores.styles.files(server)), options.maxLoraBytesOfServer],
    [await weigh(await stores.styles.files()), options.maxLoraBytesOfAll],
  ] as const;
  const [over] = bounds.filter(([bytes, max]) => bytes > max);
  if (over !== undefined) {
    throw refusal('style.room', { bytes: Math.ceil(over[0] / MB), max: Math.floor(over[1] / MB) });
  }
}

/** The absolute path of the kept file. Throws `UserError` `style.source`, `style.two-sources`, `lora.*`. */
async function bringLora(
  context: BotContext,
  { file, url }: Pick<OptionsOf<typeof styleAdd>, 'file' | 'url'>,
): Promise<string> {
  if (file !== undefined && url !== undefined) {
    throw refusal('style.two-sources');
  }
  if (url !== undefined) {
    return await context.loras.fetch(url);
  }
  if (file === undefined) {
    throw refusal('style.source');
  }
  const max = context.options.maxLoraBytes;
  if (file.sizeBytes > max) {
    throw tooLarge(file.sizeBytes, max);
  }
  const data = await file.read(max);
  checkSafetensorsHead(data, data.length);
  return await context.stores.files.keep('loras', data, '.safetensors');
}
