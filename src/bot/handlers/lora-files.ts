/** The LoRA files of styles: brought by an admin, kept while some style uses them. */
import type { styleAdd } from '../../../commands/style.ts';
import type { OptionsOf } from '../../core/command.ts';
import { checkSafetensorsHead, tooLarge } from '../../store/index.ts';
import type { BotContext } from '../context.ts';
import { refusal } from '../refusal.ts';

/** A LoRA that no server's style uses is not kept. */
export async function removeUnused(context: BotContext, sha256: string): Promise<void> {
  if (!(await context.stores.styles.usesFile(sha256))) {
    await context.stores.files.remove(context.stores.files.pathOf('loras', sha256, '.safetensors'));
  }
}

/** The absolute path of the kept file. Throws `UserError` `style.source`, `style.two-sources`, `lora.*`. */
export async function bringLora(
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
