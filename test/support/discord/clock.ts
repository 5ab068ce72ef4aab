/**
 * The stand-in's own time: real time plus what a test has skipped, and the ids that carry it. Everything that ages
 * (tokens, signed URLs, rate-limit windows) asks here, so fifteen minutes pass in no time.
 */

const DISCORD_EPOCH_MS = 1_420_070_400_000;

export class Clock {
  #skippedMs = 0;
  #count = 0;

  readonly now = (): number => Date.now() + this.#skippedMs;

  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  /** A snowflake: 42 bits of milliseconds, 22 bits that make it unique. */
  nextId(): string {
    this.#count += 1;
    return String((BigInt(this.now() - DISCORD_EPOCH_MS) << 22n) | BigInt(this.#count & 0x3f_ff_ff));
  }
}
