/** What `/style add` asks for, read and checked, before any file is fetched. */
import { checkOptions } from '../../../commands/check.ts';
import { styleAdd } from '../../../commands/style.ts';
import type { OptionsOf, OptionValue } from '../../core/command.ts';
import { tooLarge } from '../../store/index.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireDrawable } from '../gates.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import type { Model } from '../ports.ts';
import { refusal } from '../refusal.ts';
import { serverModel } from '../resolve.ts';
import { stylesOf } from '../styles.ts';
import { styleName, unknownModel } from './styles.ts';

export type NewStyle = {
  readonly wanted: OptionsOf<typeof styleAdd>;
  readonly name: string;
  readonly model: Model;
};

/** Throws `UserError` `option.*`, `style.*`, `safety.*`, `settings.model`, `lora.size`. */
export async function newStyleOf(
  context: BotContext,
  asked: RequestContext,
  given: Readonly<Record<string, OptionValue>>,
): Promise<NewStyle> {
  const { stores, models, options } = context;
  const wanted = checkOptions(styleAdd, given);
  const styles = await stylesOf(asked.place.server, stores, models);
  const name = styleName(wanted.name, styles);
  if (styles.filter(({ origin }) => origin.kind === 'server').length >= options.maxStyles) {
    throw refusal('style.full', { max: options.maxStyles });
  }
  requireDrawable(context, asked, `${name} ${wanted.trigger ?? ''} ${wanted.description ?? ''}`, []);
  const model =
    wanted.model === undefined ? serverModel(asked.settings, options, models) : modelOf(models, wanted.model);
  if (model === undefined) {
    throw unknownModel(context, wanted.model ?? '');
  }
  const { file, url } = wanted;
  if (file !== undefined && url !== undefined) {
    throw refusal('style.two-sources');
  }
  if (file === undefined && url === undefined) {
    throw refusal('style.source');
  }
  if (file !== undefined && file.sizeBytes > options.maxLoraBytes) {
    throw tooLarge(file.sizeBytes, options.maxLoraBytes);
  }
  return { wanted, name, model };
}
