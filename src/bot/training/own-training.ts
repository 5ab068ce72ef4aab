/** A style in the making of this server, for its admins, and its message brought up to date. */
import type { Training } from '../../store/index.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireAdmin } from '../gates.ts';
import { refusal } from '../refusal.ts';
import { localeOf } from '../texts/index.ts';
import { collectingMessage } from './collecting-message.ts';

/** Throws `UserError` `train.gone`, or `train.running` where it is in none of the states. */
export async function ownTraining(
  context: BotContext,
  asked: RequestContext,
  id: string,
  states: readonly Training['state']['kind'][],
): Promise<Training> {
  const { actor, place } = asked;
  const training = await context.stores.trainings.get(id);
  if (training !== undefined) {
    requireHere(asked, training);
  }
  requireAdmin(actor);
  if (training === undefined || training.server !== place.server) {
    throw refusal('train.gone');
  }
  if (!states.includes(training.state.kind)) {
    throw refusal('train.running', { style: training.name });
  }
  return training;
}

/** Throws `UserError` `style.elsewhere` for a button that its own admin pressed away from its server. */
export function requireHere(
  { actor, place }: RequestContext,
  of: Pick<Training, 'server' | 'serverName' | 'by' | 'name'>,
): void {
  if (of.server !== place.server && of.by === actor.user) {
    throw refusal('style.elsewhere', { style: of.name, server: of.serverName });
  }
}

/** Shows what was gathered where the training's message stands, or makes it the answer to what is asked. */
export async function showCollecting(
  context: BotContext,
  asked: RequestContext,
  training: Training,
  notes: readonly string[],
): Promise<void> {
  const { chat, invocation } = asked;
  const isHere = asked.invocation.action.kind !== 'message';
  const address = isHere ? asked.address : (training.address ?? asked.address);
  const locale = localeOf(training.locale);
  const shown = collectingMessage(training, locale, { notes, travelsTo: context.options.training.travelsTo });
  const key = `${training.id}:${invocation.id}`;
  const now = await chat.deliver(address, shown, { mode: 'edit', key, isFinal: true });
  await context.trainings.change(training.id, (known) => ({ ...known, address: now, state: training.state }));
}
