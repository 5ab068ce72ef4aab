/** The LoRA files of styles: brought by an admin, kept while some style uses them. */
import type { styleAdd } from '../../../commands/style.ts';
import type { OptionsOf } from '../../core/command.ts';
import { checkSafetensorsHead, tooLarge } from '../../store/index.ts';
import type { Kit } from '../kit.ts';
import { refusal } from '../refusal.ts';

/** A LoRA that no server's style uses is not kept. */
export async function removeUnused(kit: Kit, sha256: string): Promise<void> {
  if (!(await kit.stores.styles.usesFile(sha256))) {
    await kit.stores.files.remove(kit.stores.files.pathOf('loras', sha256, '.safetensors'));
  }
}

/** The absolute path of the kept file. Throws `UserError` `style.source`, `style.two-sources`, `lora.*`. */
export async function bringLora(
  kit: Kit,
  { file, url }: Pick<OptionsOf<typeof styleAdd>, 'file' | 'url'>,
): Promise<string> {
  if (file !== undefined && url !== undefined) {
    throw refusal('style.two-sources');
  }
  if (url !== undefined) {
    return await kit.loras.fetch(url);
  }
  if (file === undefined) {
    throw refusal('style.source');
  }
  const max = kit.options.maxLoraBytes;
  if (file.sizeBytes > max) {
    throw tooLarge(file.sizeBytes, max);
  }
  const data = await file.read(max);
  checkSafetensorsHead(data, data.length);
  return await kit.stores.files.keep('loras', data, '.safetensors');
}
