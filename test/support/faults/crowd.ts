/** People in a chat as the fault test needs them, whichever chat it is: they ask, and see what stands there. */
import type { ChatAssignment } from './bot.ts';

/** A message in somebody's channel. */
export type Sight = {
  readonly id: string;
  readonly text: string;
  /** It says done or failed and can go no further by itself. */
  readonly isEnded: boolean;
  readonly isPicture: boolean;
  readonly picture: Uint8Array | undefined;
};

export type Asked = {
  readonly prompt: string;
  readonly askedAtMs: number;
  /** Milliseconds until the bot acknowledged; undefined: not within the platform's patience, or never. */
  readonly heard: Promise<number | undefined>;
  /** What stands there as an answer, a refusal included, oldest first. */
  readonly answers: () => readonly Sight[];
  /** What stands there under these very words. */
  readonly shown: () => readonly Sight[];
  /** What names it in requests and logs. */
  readonly marks: readonly string[];
};

export interface Crowd {
  readonly assignment: ChatAssignment;
  /** The bot's socket is open. */
  isConnected(): boolean;
  ask(person: number, prompt: string): Asked;
  /** All in the person's channel, oldest first. */
  sees(person: number): readonly Sight[];
  /** The first value that is not undefined, looked for at every change. Throws when none comes. */
  until<T>(what: string, look: () => T | undefined, withinMs: number): Promise<T>;
  changed(): void;
  /** The bot's socket is cut without a word. */
  drop(): void;
  /** From now on every delivery comes so often. */
  deliver(times: 1 | 2): void;
  /** The connections of some requests break after they were carried out. */
  loseAnswers(): void;
  /** Some requests are limited (429), and some meet an outage (503). */
  refuseSome(): void;
  /** The bot's requests about any of the marks, with times. */
  requests(marks: readonly string[]): readonly string[];
  stop(): Promise<void>;
}
