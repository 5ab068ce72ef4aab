/**
 * All places that have taken the app in, with their tokens sealed at rest. Knows records and a secret; opens no
 * connection. A token that another `SECRET_KEY` sealed is said to be locked: the rest goes on.
 */
import type { Log } from '../../../bot/index.ts';
import {
  type Installation,
  linkSchema,
  nameOf,
  packInstallation,
  readInstallation,
  type TeamLink,
  type Token,
} from './installation.ts';
import { Sealing } from './sealing.ts';

/** Plain JSON under names; the product's store. */
export interface InstallationRecords {
  get(name: string): Promise<unknown>;
  save(name: string, record: unknown, ttlMs?: number): Promise<void>;
  remove(name: string): Promise<void>;
  list(prefix: string): Promise<readonly unknown[]>;
}

export type Found =
  | { readonly kind: 'open'; readonly installation: Installation; readonly token: Token }
  | { readonly kind: 'locked'; readonly installation: Installation };

export class Installations {
  readonly #records: InstallationRecords;
  readonly #sealing: Sealing;
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(records: InstallationRecords, secret: string, log: Log) {
    this.#records = records;
    this.#sealing = new Sealing(secret);
    this.#log = log;
  }

  /** Of a workspace, or of an organisation where `team` is null. */
  async find(of: Pick<Installation, 'team' | 'enterprise'>): Promise<Found | undefined> {
    return this.#read(await this.#records.get(nameOf(of)));
  }

  async all(): Promise<readonly Found[]> {
    const records = (await Promise.all(['team:', 'org:'].map(async (kind) => this.#records.list(kind)))).flat();
    return records.map((record) => this.#read(record)).filter((found) => found !== undefined);
  }

  /** Durable when it resolves. */
  async save(installation: Installation, token: Token): Promise<void> {
    const name = nameOf(installation);
    await this.#records.save(name, packInstallation(installation, token, this.#sealing));
    this.#told.delete(name);
  }

  async remove(installation: Installation): Promise<void> {
    await this.#records.remove(nameOf(installation));
  }

  /** The organisation through which the app reaches a workspace that has not taken it in by itself. */
  async linkOf(team: string): Promise<TeamLink | undefined> {
    return linkSchema.safeParse(await this.#records.get(`link:${team}`)).data;
  }

  async link(link: TeamLink): Promise<void> {
    await this.#records.save(`link:${link.team}`, link);
  }

  async linksOf(enterprise: string): Promise<readonly TeamLink[]> {
    const links = await this.#records.list('link:');
    return links
      .flatMap((link) => linkSchema.safeParse(link).data ?? [])
      .filter((link) => link.enterprise === enterprise);
  }

  async unlink(team: string): Promise<void> {
    await this.#records.remove(`link:${team}`);
  }

  #read(record: unknown): Found | undefined {
    const read = readInstallation(record, this.#sealing);
    if (read === undefined) {
      return undefined;
    }
    const { installation, token } = read;
    if (token === undefined) {
      this.#sayLocked(installation);
      return { kind: 'locked', installation };
    }
    return { kind: 'open', installation, token };
  }

  /** Once for each: somebody there may ask often. */
  #sayLocked(installation: Installation): void {
    const name = nameOf(installation);
    if (!this.#told.has(name)) {
      this.#told.add(name);
      this.#log.error({ workspace: installation.name }, lockedSentence([installation]));
    }
  }
}

/** For the operator. */
export function lockedSentence(locked: readonly Installation[]): string {
  const names = locked.map(({ name }) => name).join(', ');
  return `Slack: the token of ${names} was sealed with another SECRET_KEY and cannot be read; set that SECRET_KEY again, or have the app installed there anew at /slack/install.`;
}
