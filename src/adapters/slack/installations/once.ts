/** What is to happen once, also across a restart where there is a store. Knows names and nothing of what they stand for. */
import type { InstallationRecords } from './installations.ts';

export class Once {
  readonly #records: InstallationRecords | undefined;
  readonly #names = new Set<string>();

  constructor(records: InstallationRecords | undefined) {
    this.#records = records;
  }

  /** True the first time that it is asked under the name, within `ttlMs`. */
  async isFirst(name: string, ttlMs: number): Promise<boolean> {
    if (this.#names.has(name)) {
      return false;
    }
    this.#names.add(name);
    if ((await this.#records?.get(`once:${name}`)) !== undefined) {
      return false;
    }
    await this.#records?.save(`once:${name}`, 1, ttlMs);
    return true;
  }
}
