/** What the bot is run with for good: the unit is closed, the image is the one that was meant, known holes end a check. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { packageFolder } from '../../config/paths.ts';

const folder = mkdtempSync(join(tmpdir(), 'fourstep-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string): string => readFileSync(join(packageFolder, name), 'utf8');
const settingsOf = (unit: string): ReadonlyMap<string, string> =>
  new Map(unit.split('\n').flatMap((line) => (/^(\w+)=(.*)$/.exec(line) ?? []).slice(1).length === 2 ? [line.split(/=(.*)/s).slice(0, 2) as [string, string]] : [])); // prettier-ignore

describe('the systemd unit', () => {
  it('gives nothing but its folder and the network', () => {
    const settings = settingsOf(read('config/fourstep.service'));
    expect(Object.fromEntries(settings)).toMatchObject({
      UMask: '0077',
      ProtectHome: 'yes',
      ProtectSystem: 'strict',
      PrivateDevices: 'yes',
      PrivateTmp: 'yes',
      NoNewPrivileges: 'yes',
      CapabilityBoundingSet: '',
      AmbientCapabilities: '',
      ReadWritePaths: settings.get('WorkingDirectory'),
      KillSignal: 'SIGTERM',
    });
    expect(settings.get('WorkingDirectory')?.startsWith('/home')).toBe(false);
  });

  it('opens devices, and nothing else, to a GPU by its drop-in', () => {
    const opened = settingsOf(read('config/fourstep-gpu.conf'));
    expect([...opened.keys()].toSorted()).toEqual([
      'DeviceAllow',
      'DevicePolicy',
      'PrivateDevices',
      'ProtectKernelTunables',
    ]);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!hasSystemd)(
    `is one that systemd reads and finds closed${hasSystemd ? '' : ' (skipped: no systemd-analyze)'}`,
    () => {
      // Programs of this machine stand in for those of the unit, which must be there to be found.
      const unit = read('config/fourstep.service').replace(/^(ExecStart(?:Pre)?=)\S+/gm, `$1${process.execPath}`);
      mkdirSync(join(folder, 'fourstep.service.d'));
      writeFileSync(join(folder, 'fourstep.service'), unit);
      const security = (): number | null => spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', join(folder, 'fourstep.service')]).status; // prettier-ignore
      expect(execFileSync('systemd-analyze', ['verify', '--man=no', join(folder, 'fourstep.service')]).toString()).toBe(
        '',
      );
      expect(security()).toBe(0);
      writeFileSync(join(folder, 'fourstep.service'), unit.replace(/^(Protect|Private|Restrict|Capab).*$/gm, ''));
      expect(security()).not.toBe(0);
    },
  );
});

describe('the image', () => {
  it('is built on one image, by its digest, and does not run as root', () => {
    const froms = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, name]) => name);
    expect(new Set(froms).size).toBe(1);
    expect(froms[0]).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/);
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
    // The one for cards has Node from the same image, and NVIDIA's libraries by their tag alone.
    const cuda = read('Dockerfile.cuda');
    expect(new Set(cuda.match(/node:\d\S+/g))).toEqual(new Set([froms[0]]));
    expect(cuda).toMatch(/^USER fourstep$/m);
    for (const file of [read('Dockerfile'), cuda]) {
      // Nothing is fetched but by npm from the lock file, nothing added from an address, no secret baked in.
      expect(file).not.toMatch(/^ADD |curl|wget|npm install|(TOKEN|SECRET|PASSWORD)=/m);
    }
  });
});

describe('the look at known holes', () => {
  const judged = (answer: string): { readonly status: number | null; readonly said: string } => {
    writeFileSync(join(folder, 'audit.json'), answer);
    const { status, stdout } = spawnSync(process.execPath, [join(packageFolder, '.ci/audit.mjs'), '--from', join(folder, 'audit.json')]); // prettier-ignore
    return { status, said: String(stdout) };
  };
  const answer = (vulnerabilities: object): string => JSON.stringify({ metadata: { vulnerabilities } });
  const none = { info: 0, low: 0, moderate: 0, high: 0, critical: 0 };

  it('fails for a high and for a critical one, and not for less', () => {
    expect(judged(answer({ ...none, high: 1 }))).toMatchObject({
      status: 1,
      said: expect.stringContaining('"high":1'),
    });
    expect(judged(answer({ ...none, critical: 2 })).status).toBe(1);
    expect(judged(answer({ ...none, moderate: 3 })).status).toBe(0);
    expect(judged(answer(none)).status).toBe(0);
  });

  it('passes over a registry that does not answer, by name', () => {
    for (const nothing of ['', '{"error":{"code":"ENOAUDIT"}}', '<html>', 'null', answer({})]) {
      expect(judged(nothing)).toEqual({ status: 0, said: 'no registry answers: not looked up\n' });
    }
  });
});
