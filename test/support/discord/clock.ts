/**
 * The stand-in's own time and the ids that carry it. Everything that ages (tokens, signed URLs, rate-limit windows)
 * asks here, so fifteen minutes pass in no time; and time that stands still but for what a test skips makes no test
 * depend on how busy the machine is.
 */

const DISCORD_EPOCH_MS = 1_420_070_400_000;

export class Clock {
  readonly #real: () => number;
  #skippedMs = 0;
  #count = 0;

  constructor(time: 'real' | 'still') {
    const bornAtMs = Date.now();
    this.#real = time === 'real' ? Date.now : () => bornAtMs;
  }

  readonly now = (): number => this.#real() + this.#skippedMs;

  skip(ms: number): void {
    this.#skippedMs += ms;
  }

  /** A snowflake: 42 bits of milliseconds, 22 bits that make it unique; of what was made so long ago. */
  nextId(agoMs = 0): string {
    this.#count += 1;
    return String((BigInt(this.now() - agoMs - DISCORD_EPOCH_MS) << 22n) | BigInt(this.#count & 0x3f_ff_ff));
  }
}
