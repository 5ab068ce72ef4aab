/** What `/style add` asks for, read and checked, before any file is fetched. */
import { checkOptions } from '../../../commands/check.ts';
import { styleAdd } from '../../../commands/style.ts';
import type { Given, OptionsOf, Upload } from '../../core/command.ts';
import type { Style } from '../../core/style.ts';
import { tooLarge } from '../../store/index.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireDrawable } from '../gates.ts';
import { modelOf } from '../jobs/job-ancestry.ts';
import type { BotOptions, Model } from '../ports.ts';
import { refusal } from '../refusal.ts';
import { serverModel } from '../resolve.ts';
import { stylesOf } from '../styles.ts';
import { styleName, unknownModel } from './styles.ts';

export type NewStyle = {
  readonly wanted: OptionsOf<typeof styleAdd>;
  readonly name: string;
  readonly model: Model;
  /** The file that came, or the address of one. */
  readonly source: Upload | string;
};

/** Throws `UserError` `option.*`, `style.*`, `safety.*`, `settings.model`, `lora.size`. */
export async function newStyleOf(context: BotContext, asked: RequestContext, given: Given): Promise<NewStyle> {
  const { stores, models, options } = context;
  const wanted = checkOptions(styleAdd, given);
  const styles = await stylesOf(asked.place.server, stores, models);
  const name = styleName(wanted.name, styles);
  requireRoomFor(styles, options);
  requireDrawable(context, asked, `${name} ${wanted.trigger ?? ''} ${wanted.description ?? ''}`, []);
  const model = modelWished(context, asked, wanted.model);
  const { file, url } = wanted;
  if (file !== undefined && url !== undefined) {
    throw refusal('style.two-sources');
  }
  const source = file ?? url;
  if (source === undefined) {
    throw refusal('style.source');
  }
  if (file !== undefined && file.sizeBytes > options.maxLoraBytes) {
    throw tooLarge(file.sizeBytes, options.maxLoraBytes);
  }
  return { wanted, name, model, source };
}

/** Throws `UserError` `style.full`. */
export function requireRoomFor(styles: readonly Style[], { maxStyles: max }: BotOptions): void {
  if (styles.filter(({ origin }) => origin.kind === 'server').length >= max) {
    throw refusal('style.full', { max });
  }
}

/** The one that was named, else the server's. Throws `UserError` `settings.model`. */
export function modelWished(context: BotContext, { settings }: RequestContext, named: string | undefined): Model {
  const { models, options } = context;
  const model = named === undefined ? serverModel(settings, options, models) : modelOf(models, named);
  if (model === undefined) {
    throw unknownModel(context, named ?? '');
  }
  return model;
}
