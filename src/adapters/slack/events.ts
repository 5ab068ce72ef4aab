/**
 * What Bolt hears → the intake of events, each through the dispatcher of the workspace that it came through. Knows which
 * kinds of event there are; what they ask is parsed elsewhere.
 */
import { App, type Logger, type Receiver, type ViewSubmitAction } from '@slack/bolt';

import type { Log } from '../../bot/index.ts';
import { faultSentence } from '../../bot/fault.ts';
import { text } from '../../bot/texts/index.ts';
import type { Bot, FormFault } from '../../core/chat.ts';
import { cut } from '../shared/cut.ts';
import type { Intake } from '../shared/intake.ts';
import { within } from '../shared/retry.ts';
import { apiBase } from './client.ts';
import { userKey } from './identity.ts';
import { installedIn } from './installations/installed-in.ts';
import { INSTALL_PATH } from './installations/paths.ts';
import type { Located, Workspaces } from './installations/workspaces.ts';
import { at, listAt, textAt } from './json.ts';
import { LIMITS } from './limits.ts';
import {
  eventFromPress,
  eventFromShortcut,
  eventFromSlash,
  eventFromSubmission,
  type ParseOptions,
  type SlackEvent,
} from './parse.ts';
import { commandOfView, readSubmission } from './parse-form.ts';
import { eventFromMessage, isUninstalled } from './parse-message.ts';
import { readSubmitter } from './payload.ts';
import { placeOf } from './place.ts';
import { ResponseUrls } from './response-urls.ts';
import { uploadFrom } from './uploads.ts';
import type { Workspace } from './workspace.ts';

export type EventParts = {
  readonly receiver: Receiver;
  readonly workspaces: Workspaces;
  readonly intake: Intake;
  readonly bot: Bot;
  readonly log: Log;
  readonly logger: Logger;
  readonly apiUrl: string;
  readonly publicUrl: string | undefined;
  readonly now: () => number;
  readonly monotonicMs: () => number;
};

type Parse = (body: unknown, options: ParseOptions) => SlackEvent | undefined;
type Ack = () => Promise<void>;
type FormErrors = { readonly response_action: 'errors'; errors: Record<string, string> };
type FormAck = (answer?: FormErrors) => Promise<void>;
type Suggested = { readonly text: { readonly type: 'plain_text'; readonly text: string }; readonly value: string };

/** Of the three seconds; a form that takes longer to look at is taken as it is. */
const FORM_WITHIN_MS = 1000;
/** A workspace that is looked for longer is told that it was heard first. */
const LOCATE_WITHIN_MS = 1000;

/** From now on what the receiver hears is taken in. */
export function listen(parts: EventParts): void {
  const { receiver, apiUrl, log, logger } = parts;
  const app = new App({
    receiver,
    // Nothing is asked through Bolt's clients: each workspace has its own, with its own token.
    authorize: async () => ({}),
    logger,
    clientOptions: { slackApiUrl: apiBase(apiUrl), retryConfig: { retries: 0 } },
    convoStore: false,
  });
  const events = new Events(parts);
  const every = /[\s\S]*/;
  app.command(every, ({ ack, body }) => events.receive(eventFromSlash, body, ack));
  app.action(every, ({ ack, body }) => events.receive(eventFromPress, body, ack));
  app.shortcut(every, ({ ack, body }) => events.receive(eventFromShortcut, body, ack));
  app.view<ViewSubmitAction>(every, ({ ack, body }) => events.submitted(body, ack));
  app.options(every, async ({ ack, body }) => {
    await ack({ options: await events.suggest(body) });
  });
  app.error(async (error) => {
    log.error({ err: error }, 'Slack: an event could not be handled');
  });
  // What is said to the bot. Bolt acknowledges such events before its listeners see them; here they are written down
  // first, like everything else.
  const process = app.processEvent.bind(app);
  app.processEvent = async (event) =>
    textAt(event.body, 'type') === 'event_callback' ? events.hear(event.body, async () => event.ack()) : process(event);
}

class Events {
  readonly #parts: EventParts;
  readonly #responseUrls: ResponseUrls;

  constructor(parts: EventParts) {
    this.#parts = parts;
    this.#responseUrls = new ResponseUrls({ now: parts.now });
  }

  async hear(body: unknown, ack: Ack): Promise<void> {
    const { workspaces } = this.#parts;
    if (isUninstalled(body)) {
      await workspaces.uninstall(installedIn(body));
      await ack();
      return;
    }
    if (textAt(body, 'event', 'type') === 'team_access_revoked') {
      for (const team of listAt(body, 'event', 'team_ids').filter((id) => typeof id === 'string')) {
        await workspaces.withdraw(team);
      }
      await ack();
      return;
    }
    if (textAt(body, 'event', 'type') === 'app_home_opened') {
      await this.#openHome(body, ack);
      return;
    }
    await this.receive(eventFromMessage, body, ack);
  }

  async #openHome(body: unknown, ack: Ack): Promise<void> {
    const { workspaces, intake, log } = this.#parts;
    const user = textAt(body, 'event', 'user');
    const located = await workspaces.at(installedIn(body));
    await ack();
    if (located.kind === 'found' && user !== undefined && textAt(body, 'event', 'tab') === 'home') {
      await intake.track(async () => {
        try {
          await located.workspace.home.show(user);
        } catch (error) {
          log.warn({ err: error }, 'Slack: a Home tab could not be shown');
        }
      });
    }
  }

  /** Not acknowledged while stopping: Slack says that the app did not respond, which is the truth. */
  async receive(parse: Parse, body: unknown, ack: Ack): Promise<void> {
    const { workspaces, intake, log, monotonicMs } = this.#parts;
    const receivedAtMs = monotonicMs();
    let told = ack;
    const locating = workspaces.at(installedIn(body));
    if (
      (await within(
        LOCATE_WITHIN_MS,
        locating.then(() => true),
      )) === undefined
    ) {
      await ack();
      told = async () => undefined;
    }
    const located = await locating.catch(async (error: unknown) => {
      await told();
      return { kind: 'away', error } as const;
    });
    if (located.kind === 'away') {
      await this.#say(body, faultSentence(located.error, 'en', log));
      return;
    }
    if (located.kind !== 'found') {
      await this.#turnAway(located.kind, body, told);
      return;
    }
    const event = this.#parsed(parse, body, located.workspace);
    if (event !== undefined) {
      await intake.receive(await located.workspace.dispatcher.inbound(event, { ack: told, receivedAtMs }));
    } else if (!intake.isStopping) {
      await told();
    }
  }

  #parsed(parse: Parse, body: unknown, { identity, token }: Workspace): SlackEvent | undefined {
    const { apiUrl, now } = this.#parts;
    const uploadOf = (file: unknown) => uploadFrom(file, { token, apiUrl });
    return parse(body, { team: identity.team, nowMs: now(), uploadOf });
  }

  /** A form with something to mend stays open, with all that was written. */
  async submitted(body: unknown, ack: FormAck): Promise<void> {
    const fault = this.#parts.intake.isStopping ? undefined : await within(FORM_WITHIN_MS, this.#formFault(body));
    if (fault !== undefined) {
      await ack({ response_action: 'errors', errors: { [fault.field]: cut(fault.sentence, LIMITS.inputHint) } });
      return;
    }
    await this.receive(eventFromSubmission, body, async () => ack());
  }

  async #formFault(body: unknown): Promise<FormFault | undefined> {
    const located = await this.#parts.workspaces.at(installedIn(body));
    if (located.kind !== 'found') {
      return undefined;
    }
    const event = this.#parsed(eventFromSubmission, body, located.workspace);
    const fault = event === undefined ? undefined : await located.workspace.dispatcher.formFault(event);
    const isField = listAt(body, 'view', 'blocks').some(
      (block) => textAt(block, 'type') === 'input' && textAt(block, 'block_id') === fault?.field,
    );
    return isField ? fault : undefined;
  }

  async suggest(body: unknown): Promise<Suggested[]> {
    const { workspaces, bot } = this.#parts;
    const located = await workspaces.at(installedIn(body));
    const submitter = readSubmitter(body);
    const command = commandOfView(at(body, 'view'));
    const option = textAt(body, 'block_id');
    if (located.kind !== 'found' || submitter === undefined || command === undefined || option === undefined) {
      return [];
    }
    const { identity } = located.workspace;
    const origin = readSubmission(at(body, 'view'))?.origin;
    const place = placeOf(identity, origin?.channel ?? '', 'en');
    const user = userKey(identity, submitter.user);
    const suggestions = await bot.suggest(place, user, command, option, textAt(body, 'value') ?? '');
    return suggestions
      .filter((suggestion) => suggestion.value !== '' && suggestion.value.length <= LIMITS.optionValue)
      .slice(0, LIMITS.selectOptions)
      .map(({ label, value }) => ({
        text: { type: 'plain_text', text: (label === '' ? value : label).slice(0, LIMITS.optionText) },
        value,
      }));
  }

  /** No token speaks there: what came with the event is the only way to say so. */
  async #turnAway(kind: Exclude<Located['kind'], 'found'>, body: unknown, ack: Ack): Promise<void> {
    const { publicUrl } = this.#parts;
    await ack();
    const link = publicUrl === undefined ? '' : ` ${publicUrl}${INSTALL_PATH}`;
    await this.#say(body, text('en', kind === 'locked' ? 'error.place.locked' : 'error.place.unknown', { at: link }));
  }

  /** Without a token, to whoever did something that came with an address to answer to. */
  async #say(body: unknown, said: string): Promise<void> {
    const { intake, log } = this.#parts;
    const url = textAt(body, 'response_url') ?? textAt(body, 'response_urls', 0, 'response_url');
    if (url === undefined || !URL.canParse(url)) {
      return;
    }
    await intake.track(async () => {
      try {
        await this.#responseUrls.post(url, { response_type: 'ephemeral', replace_original: false, text: said });
      } catch (error) {
        log.warn({ err: error }, 'Slack: a workspace without the app could not be told so');
      }
    });
  }
}
