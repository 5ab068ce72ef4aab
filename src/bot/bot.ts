/**
 * The bot: `Bot` of `core/chat.ts` on top of the queue, the runner, the stores and the chats. Handles each event
 * once and ends every conversation, if only with a number for the operator.
 */
import { serverForLog } from '../core/people.ts';
import type { Acknowledgement, Action, Bot, Chat, FormFault, Home, Invocation, Suggestion } from '../core/chat.ts';
import { CancelledError, StoppedError, UserError } from '../core/errors.ts';
import type { Form } from '../core/message.ts';
import type { ReplyAddress } from '../core/job.ts';
import { isServed, isTakenUp } from '../core/partition.ts';
import type { Actor, Place, Platform, ServerKey, UserKey } from '../core/people.ts';
import { inboxIdOf, packRecord, parseRecord } from './inbox-record.ts';
import { apologise } from './apologise.ts';
import { acknowledgementOf, decideAcknowledgement } from './acknowledgement.ts';
import { JobService } from './jobs/job-service.ts';
import { jobIdOf } from './jobs/ids.ts';
import { formFault } from './forms/form-fault.ts';
import { homeOf } from './handlers/home.ts';
import { showTrial } from './handlers/style-trial.ts';
import { checkBeforeDrawing } from './gates.ts';
import { startCleanup } from './cleanup.ts';
import { faultSentence } from './fault.ts';
import type { BotContext, RequestContext } from './context.ts';
import type { BotPorts } from './ports.ts';
import { refusal } from './refusal.ts';
import { route, routeToForm } from './route.ts';
import { WordList } from './safety/word-list.ts';
import { drawSoFar, learntToDraft } from './training/learnt-style.ts';
import { TrainingService } from './training/training-service.ts';
import { sayPrivately, sayRefusal } from './speaking.ts';
import { Starts } from './starts.ts';
import { suggest } from './suggest.ts';
import { errorText } from './texts/index.ts';
import { UsualPrivacy } from './usual-privacy.ts';

export interface FourstepBot extends Bot {
  /**
   * Takes up what a stop or a crash left: unfinished jobs run again, unanswered ones are answered. Call once, after the
   * chats are connected; resolves when all of it is in line.
   */
  resume(): Promise<void>;
  /** Nothing new begins; what runs may end within the limit, the rest stays saved for `resume`. */
  close(limitMs: number): Promise<void>;
}

export function createBot(ports: BotPorts): FourstepBot {
  return new BotOnPorts(ports);
}

class BotOnPorts implements FourstepBot {
  readonly #context: BotContext;
  readonly #usualPrivacy: UsualPrivacy;
  #isClosing = false;
  /** Recorded by this process while what an earlier one left has not been taken up. */
  #recorded: Set<string> | undefined = new Set();
  #endCleanup: () => void = () => undefined;

  constructor(ports: BotPorts) {
    const rules = {
      ...ports,
      starts: new Starts(ports.stores),
      blockedWords: new WordList(ports.options.blockedWords),
      adultWords: new WordList(ports.options.adultWords),
    };
    const trainings = new TrainingService(ports, {
      done: async (training, learnt) => learntToDraft(this.#context, training, learnt),
      soFar: async (training, learnt) => drawSoFar(this.#context, training, learnt),
    });
    const jobs = new JobService(ports, async (work) => checkBeforeDrawing(rules, work));
    this.#context = { ...rules, jobs, trainings };
    this.#usualPrivacy = new UsualPrivacy(ports);
  }

  acknowledgement(action: Action, place: Place): Acknowledgement | Promise<Acknowledgement> {
    return decideAcknowledgement(action, async () => this.#usualPrivacy.of(place.server));
  }

  async form(invocation: Invocation): Promise<Form> {
    return await routeToForm(this.#context, await this.#withoutAddress(invocation));
  }

  async record(invocation: Invocation, address: ReplyAddress): Promise<() => Promise<void>> {
    const { stores, options } = this.#context;
    const event = inboxIdOf(invocation);
    this.#recorded?.add(event);
    await stores.inbox.record(event, packRecord(invocation, address, options.partition));
    return async () => stores.inbox.discard(event);
  }

  async handle(invocation: Invocation, address: ReplyAddress): Promise<void> {
    const { stores, log } = this.#context;
    const event = inboxIdOf(invocation);
    let isAnswered = false;
    try {
      if (!(await stores.inbox.claim(event))) {
        return;
      }
      const asked = await this.#contextOf(invocation, address, this.#chatOf(invocation));
      isAnswered = await this.#answer(asked);
      if (isAnswered) {
        await stores.inbox.complete(event);
      }
    } catch (error) {
      if (isAnswered) {
        // Its answer stands or is being drawn: an apology would take its place.
        log.error({ event, err: error }, 'an event that is answered could not be written off');
      } else {
        await apologise(this.#context, { invocation, address, error });
      }
    }
  }

  async joined(server: ServerKey): Promise<void> {
    await this.#context.stores.departures.back(server);
  }

  async left(server: ServerKey): Promise<void> {
    const { stores, clock, log } = this.#context;
    await stores.departures.left(server, clock.now());
    log.info({ server }, 'a server has taken the bot away; what is kept of it goes in time');
  }

  async present(
    platform: Platform,
    servers: ReadonlySet<ServerKey>,
    isOurs: (server: ServerKey) => boolean,
  ): Promise<void> {
    for (const server of await this.#context.stores.departures.known(platform)) {
      if (isOurs(server)) {
        await (servers.has(server) ? this.joined(server) : this.left(server));
      }
    }
  }

  async formFault(invocation: Invocation): Promise<FormFault | undefined> {
    return await formFault(this.#context, async () => this.#withoutAddress(invocation));
  }

  async home(actor: Actor, place: Place): Promise<Home> {
    return await homeOf(this.#context, actor, place);
  }

  async suggest(
    place: Place,
    user: UserKey,
    _command: string,
    option: string,
    partial: string,
  ): Promise<readonly Suggestion[]> {
    return await suggest(this.#context, { place, user, option, partial });
  }

  async resume(): Promise<void> {
    this.#endCleanup();
    this.#endCleanup = startCleanup(this.#context);
    await this.#context.jobs.resume();
    await this.#context.trainings.resume();
    await this.#resumeRecorded();
    const { stores, options } = this.#context;
    const drafts = (await stores.styles.drafts()).filter(({ server }) => isServed(server, options.partition));
    for (const draft of drafts.filter(({ isShown }) => !isShown)) {
      void showTrial(this.#context, draft).catch((error: unknown) => {
        this.#context.log.error({ draft: draft.id, err: error }, 'a style could not be tried again');
      });
    }
  }

  async close(limitMs: number): Promise<void> {
    this.#isClosing = true;
    this.#endCleanup();
    await Promise.all([this.#context.trainings.close(), this.#context.jobs.close(limitMs)]);
  }

  /** Heard before a crash, and no job of it was kept: handled now, in its old place. */
  async #resumeRecorded(): Promise<void> {
    const { stores, options } = this.#context;
    const { inbox, jobs } = stores;
    for (const { id, record } of await inbox.recorded()) {
      const recorded = parseRecord(record);
      const server = recorded?.invocation.place.server;
      if (server !== undefined && !isTakenUp(recorded?.owner, server, options.partition)) {
        continue; // another process's
      }
      if (recorded !== undefined && this.#recorded?.has(inboxIdOf(recorded.invocation)) === true) {
        continue; // its chat is about to hand it over
      }
      const job = recorded && jobIdOf(recorded.invocation.place.platform, recorded.invocation.id);
      if (recorded === undefined || job === undefined || (await jobs.get(job)) !== undefined) {
        await inbox.discard(id);
      } else if (recorded.hadFile) {
        const { invocation, address } = recorded;
        const asked = await this.#contextOf(invocation, address, this.#chatOf(invocation));
        await sayPrivately(asked, errorText(asked.locale, refusal('stopping')));
        await inbox.complete(id);
      } else {
        void this.handle(recorded.invocation, recorded.address);
      }
    }
    this.#recorded = undefined;
  }

  /** False: this process is stopping, and what was written down when it was heard is left to the next start. */
  async #answer(asked: RequestContext): Promise<boolean> {
    try {
      if (this.#isClosing) {
        throw refusal('stopping');
      }
      await route(this.#context, asked);
    } catch (error) {
      if (error instanceof StoppedError) {
        return false;
      }
      if (error instanceof CancelledError) {
        return true;
      }
      if (error instanceof UserError) {
        this.#context.onRefused?.(error.code);
        await sayRefusal(asked, error);
        return true;
      }
      const { action, place } = asked.invocation;
      const about = { action: action.kind, server: serverForLog(place.server) };
      await sayPrivately(asked, faultSentence(error, asked.locale, this.#context.log, about));
    }
    return true;
  }

  /** For what is shown by the acknowledgement itself: there is no address yet, and none is needed. */
  #withoutAddress(invocation: Invocation): Promise<RequestContext> {
    const address: ReplyAddress = { platform: invocation.place.platform, data: {} };
    return this.#contextOf(invocation, address, this.#chatOf(invocation));
  }

  async #contextOf(invocation: Invocation, address: ReplyAddress, chat: Chat): Promise<RequestContext> {
    const { actor, place } = invocation;
    const settings = await this.#context.stores.settings.of(place.server);
    const publicLocale = settings.locale ?? place.locale;
    const how = invocation.acknowledgedAs ?? acknowledgementOf(invocation.action);
    const isPrivate = how === 'private';
    return { invocation, actor, place, address, chat, settings, isPrivate, locale: actor.locale, publicLocale };
  }

  #chatOf({ place }: Invocation): Chat {
    const chat = this.#context.chatOf(place.platform);
    if (chat === undefined) {
      throw new Error(`no chat for ${place.platform}`);
    }
    return chat;
  }
}
