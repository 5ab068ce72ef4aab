/**
 * Every workspace that the app is in, each with its own token and everything that speaks with it: the one of the token in
 * the environment, those that took the app in by OAuth, and those reached through their organisation. Opened when first
 * heard of.
 */
import { refusal } from '../../../bot/refusal.ts';
import { isFailure } from '../../shared/failure.ts';
import { fixedToken } from '../client.ts';
import { type Identity, serverKey } from '../identity.ts';
import { orTokenFault } from '../start-fault.ts';
import { identify, openWorkspace, type Workspace, type WorkspaceOptions } from '../workspace.ts';
import { type Installation, nameOf, type Token } from './installation.ts';
import type { InstalledIn } from './installed-in.ts';
import type { Found } from './installations.ts';
import { RotatedToken, type RotationParts } from './rotation.ts';

/** `locked`: its token was sealed with another secret. */
export type Located =
  | { readonly kind: 'found'; readonly workspace: Workspace }
  | { readonly kind: 'locked' | 'unknown' };

type Through = { readonly team: string; readonly enterprise: string; readonly teamName: string };

export class Workspaces {
  readonly #options: WorkspaceOptions;
  /** Undefined where only one workspace has the app, by a token in the environment. */
  readonly #rotation: RotationParts | undefined;
  #single: Workspace | undefined;
  readonly #open = new Map<string, Workspace>();
  /** By the installation's name: all workspaces of an organisation share one. */
  readonly #tokens = new Map<string, RotatedToken>();

  constructor(options: WorkspaceOptions, rotation: RotationParts | undefined) {
    this.#options = options;
    this.#rotation = rotation;
  }

  /** The workspace of the token in the environment. */
  get single(): Workspace | undefined {
    return this.#single;
  }

  /** Throws `UserError` `slack.token`, `slack.unreachable`. */
  async openSingle(botToken: string): Promise<void> {
    const token = fixedToken(botToken);
    const identity = await orTokenFault(identify(token, this.#options), 'SLACK_BOT_TOKEN', 'xoxb-');
    this.#single = openWorkspace(identity, token, this.#options);
    await this.#options.bot.joined?.(serverKey(identity));
  }

  /** Through which workspace an event came. */
  async at({ teams, enterprises, isOrgWide, teamName }: InstalledIn): Promise<Located> {
    const ofTeams = teams.map((team) => async () => this.#ofTeam(team));
    const [team] = teams;
    const ofOrganisations = enterprises.map(
      (enterprise) => async () =>
        team === undefined ? NOWHERE : this.#throughOrganisation({ team, enterprise, teamName }),
    );
    const ways = isOrgWide ? [...ofOrganisations, ...ofTeams] : [...ofTeams, ...ofOrganisations];
    let located: Located = NOWHERE;
    for (const way of ways) {
      const here = await way();
      if (here.kind === 'found') {
        return here;
      }
      located = here.kind === 'locked' ? here : located;
    }
    const isOfSingle = enterprises.some((each) => each === this.#single?.identity.enterprise);
    return this.#single !== undefined && isOfSingle ? { kind: 'found', workspace: this.#single } : located;
  }

  /** By the id in an address or a server's key; '' in those of before. Throws where the app is no longer there. */
  async ofTeam(team: string): Promise<Workspace> {
    if (team === '' && this.#single !== undefined) {
      return this.#single;
    }
    const located = await this.#ofTeam(team);
    if (located.kind === 'found') {
      return located.workspace;
    }
    if (located.kind === 'locked') {
      throw new Error(`the token of Slack's workspace ${team} cannot be read`);
    }
    throw refusal('place.unknown', { at: '' });
  }

  /** Kept before it is used; a workspace that comes back gets its new token at once. */
  async install(installation: Installation, token: Token): Promise<void> {
    await this.#rotation?.installations.save(installation, token);
    for (const server of await this.#close(installation)) {
      await this.#options.bot.joined?.(server);
    }
  }

  /** The workspace, or all of the organisation's, has taken the app away. The same twice is nothing new. */
  async uninstall(where: InstalledIn): Promise<void> {
    const { teams, enterprises, isOrgWide } = where;
    const { single } = this;
    const isSingle =
      single !== undefined &&
      (teams.length + enterprises.length === 0 ||
        teams.includes(single.identity.team) ||
        enterprises.some((each) => each === single.identity.enterprise));
    if (isSingle) {
      await this.#options.bot.left?.(serverKey(single.identity));
    }
    const [team] = teams;
    const ofTeam = team === undefined || isOrgWide ? [] : [{ team, enterprise: null }];
    const places = [...ofTeam, ...enterprises.map((enterprise) => ({ team: null, enterprise }))];
    for (const place of places) {
      const found = await this.#rotation?.installations.find(place);
      if (found !== undefined) {
        await this.#leave(found.installation);
        return;
      }
    }
  }

  /** An organisation has taken the app out of one of its workspaces. */
  async withdraw(team: string): Promise<void> {
    if ((await this.#rotation?.installations.linkOf(team)) !== undefined) {
      await this.#rotation?.installations.unlink(team);
      this.#forget(team);
      await this.#options.bot.left?.(`slack:${team}`);
    }
  }

  /** Which installations Slack still honours, asked one after another: what was taken away while nobody listened left. */
  async check(): Promise<void> {
    for (const found of (await this.#rotation?.installations.all()) ?? []) {
      if (found.kind === 'open') {
        try {
          await identify(this.#tokenOf(found), this.#options);
        } catch (error) {
          if (!isFailure(error, 'token')) {
            this.#options.log.warn({ err: error, workspace: found.installation.name }, 'Slack: not reached');
          } else if (GONE.includes(error.code)) {
            await this.#leave(found.installation);
          }
        }
      }
    }
  }

  close(): void {
    for (const { client } of [...this.#open.values(), ...(this.#single === undefined ? [] : [this.#single])]) {
      client.close();
    }
  }

  async #ofTeam(team: string): Promise<Located> {
    if (this.#single?.identity.team === team) {
      return { kind: 'found', workspace: this.#single };
    }
    const open = this.#open.get(team);
    // One whose token Slack refuses may have been installed anew, by another process too.
    if (open !== undefined && open.client.tokenFault === undefined) {
      return { kind: 'found', workspace: open };
    }
    this.#forget(team);
    const found = await this.#rotation?.installations.find({ team, enterprise: null });
    if (found !== undefined) {
      return this.#opened(found, { team, teamName: found.installation.name });
    }
    const link = await this.#rotation?.installations.linkOf(team);
    return link === undefined
      ? NOWHERE
      : this.#throughOrganisation({ team, enterprise: link.enterprise, teamName: link.name });
  }

  async #throughOrganisation({ team, enterprise, teamName }: Through): Promise<Located> {
    const open = this.#open.get(team);
    if (open?.identity.isOrgWide === true && open.client.tokenFault === undefined) {
      return { kind: 'found', workspace: open };
    }
    const installations = this.#rotation?.installations;
    const found = await installations?.find({ team: null, enterprise });
    if (installations === undefined || found === undefined) {
      return NOWHERE;
    }
    if ((await installations.linkOf(team)) === undefined) {
      await installations.link({ team, enterprise, name: teamName });
      await this.#options.bot.joined?.(`slack:${team}`);
    }
    return this.#opened(found, { team, teamName: teamName === '' ? found.installation.name : teamName });
  }

  #opened(found: Found, { team, teamName }: Pick<Identity, 'team' | 'teamName'>): Located {
    if (found.kind === 'locked') {
      return { kind: 'locked' };
    }
    const { installation } = found;
    const { enterprise, installer, botUser, bot } = installation;
    const isOrgWide = installation.team === null;
    const identity = { team, teamName, enterprise: enterprise ?? undefined, isOrgWide, installer, botUser, bot };
    const workspace = this.#open.get(team) ?? openWorkspace(identity, this.#tokenOf(found), this.#options);
    this.#open.set(team, workspace);
    return { kind: 'found', workspace };
  }

  #tokenOf({ installation, token }: Found & { readonly kind: 'open' }): RotatedToken {
    const name = nameOf(installation);
    const rotation = this.#rotation;
    if (rotation === undefined) {
      throw new Error('no installation is kept where no client id is set');
    }
    const known = this.#tokens.get(name) ?? new RotatedToken(rotation, installation, token);
    this.#tokens.set(name, known);
    return known;
  }

  async #leave(installation: Installation): Promise<void> {
    const servers = await this.#close(installation);
    await this.#rotation?.installations.remove(installation);
    for (const server of servers) {
      await this.#options.bot.left?.(server);
    }
  }

  /** Whatever is open by the installation's token; gives the servers that stand on it. */
  async #close(installation: Installation): Promise<readonly `slack:${string}`[]> {
    const { team } = installation;
    const teams = team === null ? (await this.#linksOf(installation)).map((link) => link.team) : [team];
    this.#tokens.delete(nameOf(installation));
    teams.forEach((each) => this.#forget(each));
    return teams.map((each) => `slack:${each}` as const);
  }

  async #linksOf({ team, enterprise }: Installation) {
    return team === null ? ((await this.#rotation?.installations.linksOf(enterprise ?? '')) ?? []) : [];
  }

  #forget(team: string): void {
    this.#open.get(team)?.client.close();
    this.#open.delete(team);
  }
}

const NOWHERE: Located = { kind: 'unknown' };
/** Slack's words for a token that ended with the installation. Not `invalid_auth`: so speaks a service that is another's, too. */
const GONE = ['token_revoked', 'account_inactive', 'not_installed'];
