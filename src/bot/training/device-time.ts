/**
 * How long devices worked on one style. A device tells how long it has had the work since its process began: one that
 * was replaced begins anew, and what the one before had done counts too.
 */
export class DeviceTime {
  #earlierMs = 0;
  #heardMs = 0;
  #takenMs = 0;

  heard(deviceMs: number): void {
    if (deviceMs < this.#heardMs) {
      this.#earlierMs += this.#heardMs;
    }
    this.#heardMs = deviceMs;
  }

  /** What has not been taken yet. */
  take(): number {
    const ms = this.#earlierMs + this.#heardMs - this.#takenMs;
    this.#takenMs += ms;
    return ms;
  }
}
