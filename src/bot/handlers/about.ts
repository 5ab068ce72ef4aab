/** `/info`, `/queue` and `/help`: what there is, what waits, what is left, and how it goes. */
import { checkOptions } from '../../../commands/check.ts';
import { imagine } from '../../../commands/imagine.ts';
import { info } from '../../../commands/info.ts';
import type { Given } from '../../core/command.ts';
import type { Line } from '../../core/message.ts';
import { recipeNote } from '../../core/recipes.ts';
import { requireJob } from '../gates.ts';
import { quotaOf } from '../jobs/charges.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { promptOf } from '../present/answer.ts';
import { bold, code, message, plain, shortPrompt, small } from '../present/lines.ts';
import { serverModel } from '../resolve.ts';
import { settingsHere } from '../settings-here.ts';
import { answerPrivately } from '../speaking.ts';
import { stylesOf } from '../styles.ts';
import { formatOrdinal, text } from '../texts/index.ts';
import { usualStrength } from '../wish.ts';
import { showInfo } from './job-buttons.ts';
import { mineText } from './styles.ts';

const MAX_YOURS = 10;
const DAY_MS = 24 * 3_600_000;

export async function handleInfo(context: BotContext, asked: RequestContext, given: Given): Promise<void> {
  const { job } = checkOptions(info, given);
  if (job !== undefined) {
    await showInfo(context, asked, await requireJob(context, asked, job));
    return;
  }
  const { locale, invocation } = asked;
  const { place, actor } = invocation;
  const settings = settingsHere(asked.settings, actor, place);
  const { manifest } = serverModel(settings, context.options, context.models);
  const mine = await context.stores.people.style(actor.user, place.server);
  const none = text(locale, 'style.none');
  const perUser = settings.perUser ?? context.options.queue.perUser;
  const perServer = settings.perServer ?? context.options.queue.perServer;
  const lines: Line[] = [
    [bold(text(locale, 'about.title', { server: place.serverName }))],
    [plain(text(locale, 'about.model', { model: manifest.name, license: manifest.license }))],
    ...manifest.accelerators.map(({ id, recipe }): Line => [
      plain(text(locale, 'about.accelerator', { id, accelerator: recipeNote(recipe) })),
    ]),
    [plain(text(locale, 'about.strength', { strength: `${Math.round(usualStrength({ manifest }) * 100)} %` }))],
    [plain(text(locale, 'about.style', { style: settings.channelStyle ?? (settings.defaultStyle || none) }))],
    [plain(text(locale, 'about.mine', { style: mineText(locale, mine) }))],
    [plain(text(locale, 'about.limits', { perUser, perServer, count: 4 }))],
    [plain(await balanceText(context, asked))],
    [small(text(locale, 'about.checks'))],
  ];
  await answerPrivately(asked, message({ lines }));
}

export async function handleQueue(context: BotContext, asked: RequestContext): Promise<void> {
  const { locale, invocation } = asked;
  const { place, actor } = invocation;
  const { admission } = context;
  const yours = context.jobs.unfinished.filter((job) => job.user === actor.user);
  const lines: Line[] = [
    [bold(text(locale, 'queue.title'))],
    [plain(text(locale, 'queue.here', admission.countsOf(place.server)))],
    [plain(text(locale, 'queue.everywhere', admission.counts()))],
    [plain(text(locale, yours.length === 0 ? 'queue.none-yours' : 'queue.yours'))],
    ...yours.slice(0, MAX_YOURS).map((job): Line => {
      const waits = admission.place(job.id);
      const at =
        waits === undefined
          ? text(locale, 'queue.job-running')
          : text(locale, 'queue.job-waiting', {
              place: formatOrdinal(locale, waits.ahead + 1),
              seconds: Math.max(1, Math.round(waits.estimateMs / 1000)),
            });
      return [plain(text(locale, 'queue.job', { prompt: shortPrompt(promptOf(job)), place: at }))];
    }),
    [plain(await balanceText(context, asked))],
  ];
  await answerPrivately(asked, message({ lines }));
}

export async function handleHelp(context: BotContext, asked: RequestContext): Promise<void> {
  const { locale, invocation } = asked;
  const styles = await stylesOf(invocation.place.server, context.stores, context.models);
  const style = styles.find(({ id }) => id === asked.settings.defaultStyle)?.id ?? styles[0]?.id ?? 'neon';
  const labels = (['reroll', 'remix', 'info', 'delete'] as const).map((action): Line => [
    bold(text(locale, `button.${action}`)),
    plain(` ${text(locale, `help.buttons-${action}`)}`),
  ]);
  const options = imagine.options
    .filter(({ name, kind }) => name !== 'prompt' && kind !== 'image')
    .map(({ name }) => `--${name}`)
    .join(' ');
  const lines: Line[] = [
    [bold(text(locale, 'help.title'))],
    [code(text(locale, 'help.example-1'))],
    [code(text(locale, 'help.example-2'))],
    [code(text(locale, 'help.example-3', { style }))],
    [bold('U1 … U4'), plain(` ${text(locale, 'help.buttons-upscale')}`)],
    [bold('V1 … V4'), plain(` ${text(locale, 'help.buttons-vary')}`)],
    ...labels,
    [small(text(locale, 'help.options', { options }))],
    [small(text(locale, 'help.more'))],
    [small(text(locale, 'help.leaves', { days: Math.round(context.options.leftKeptMs / DAY_MS) }))],
    ...(invocation.actor.isAdmin ? [[small(text(locale, 'help.admin'))]] : []),
  ];
  await answerPrivately(asked, message({ lines }));
}

async function balanceText(
  context: BotContext,
  { settings: kept, invocation, locale }: RequestContext,
): Promise<string> {
  const settings = settingsHere(kept, invocation.actor, invocation.place);
  const quota = quotaOf(invocation.place.server, invocation.actor.user, settings, context.options);
  const { user, server } = await context.stores.quotas.balances(quota, context.clock.now());
  if (user !== undefined && server !== undefined) {
    const params = { left: user.left, of: user.of, serverLeft: server.left, serverOf: server.of };
    return text(locale, 'about.balance', params);
  }
  const [one, key] =
    user === undefined ? [server, 'about.balance-server' as const] : [user, 'about.balance-user' as const];
  return one === undefined ? text(locale, 'about.balance-free') : text(locale, key, { left: one.left, of: one.of });
}
