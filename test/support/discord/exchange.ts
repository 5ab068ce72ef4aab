/** One press or command and what came of it, awaited the way a person waits: until something that counts is there. */
import type { ModalBody } from './message-rules.ts';
import { seenMessage } from './seen.ts';
import type { SeenMessage } from './seen.ts';
import { ACKNOWLEDGE_WITHIN_MS } from './world.ts';
import type { Interaction, World } from './world.ts';

export class Exchange {
  readonly interaction: Interaction;
  readonly #world: World;

  constructor(world: World, interaction: Interaction) {
    this.#world = world;
    this.interaction = interaction;
  }

  /** Messages that answer it, oldest first (not the pressed one). */
  get answers(): readonly SeenMessage[] {
    return this.#world.messages
      .since(this.interaction.channel, this.interaction.createdAtMs)
      .filter((message) => message.interaction === this.interaction)
      .map(seenMessage);
  }

  /** The newest answer that is no placeholder and fits. */
  async answer(fits: (message: SeenMessage) => boolean = () => true, withinMs?: number): Promise<SeenMessage> {
    const look = (): SeenMessage | undefined => this.answers.findLast((each) => !each.isLoading && fits(each));
    return this.#world.until('an answer', look, withinMs);
  }

  /** The finished picture of a job. */
  async picture(): Promise<SeenMessage> {
    return this.answer(
      (message) => message.pictures.length > 0 && message.buttons.some((each) => each.label.includes('Info')),
    );
  }

  async acknowledged(): Promise<number> {
    return this.#world.until('an acknowledgement', () => this.interaction.answerType);
  }

  async modal(): Promise<ModalBody> {
    return this.#world.until('a form', () => this.interaction.modal);
  }

  /** "The application did not respond." */
  get isFailed(): boolean {
    const { acknowledgedAtMs, createdAtMs } = this.interaction;
    return acknowledgedAtMs === undefined && this.#world.clock.now() - createdAtMs > ACKNOWLEDGE_WITHIN_MS;
  }
}
