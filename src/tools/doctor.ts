/**
 * `fourstep doctor`: looks at everything the bot needs and says what is missing and how to get it; prints the Discord
 * invite link, or, asked for it, the Slack manifest. Changes nothing. Fails where the bot could not start.
 */
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { Config } from '../../config/load.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { DoctorOptions, Print } from '../adapters/cli/actions.ts';
import { applicationIdOf, inviteLink, personalLink } from '../adapters/discord/index.ts';
import { slackManifest } from '../adapters/slack/index.ts';
import { UserError } from '../core/errors.ts';
import { tryOut } from '../engine/index.ts';
import { eightBitInstructions, listProviders } from '../engine/ort/index.ts';
import { openCatalog } from '../start/open-engine.ts';
import { openLocalRunners } from '../start/runners.ts';
import { checkStores } from '../store/index.ts';
import { discord, manifestTransport, slack } from './chat-findings.ts';
import { failed, finding, type Finding } from './finding.ts';

export async function doctor(config: Config, { manifest }: DoctorOptions, print: Print): Promise<void> {
  if (manifest === 'slack') {
    print(JSON.stringify(slackManifest(manifestTransport(config)), undefined, 2));
    return;
  }
  const findings = [
    nodeVersion(),
    ...(await devices(config)),
    eightBits(config),
    ...(await Promise.all([model(config), folder(config), store(config)])),
    await discord(config),
    ...(await slack(config)),
  ];
  for (const { mark, what, detail } of findings) {
    print(`${mark.padEnd(5)}${what.padEnd(10)}${detail}`);
  }
  if (config.discord !== undefined) {
    const application = applicationIdOf(config.discord.token);
    print('');
    print(
      application === undefined
        ? 'The invite link needs a bot token of the usual form; this one has another.'
        : `Invite the bot to a Discord server: ${inviteLink(application)}`,
    );
    if (application !== undefined) {
      print(`Or install it for yourself, to use it everywhere: ${personalLink(application)}`);
    }
    print('Then register its commands once: fourstep deploy-commands');
  }
  print('');
  print('For Slack (api.slack.com/apps → Create New App → From a manifest): fourstep doctor --manifest slack');
  const bad = findings.filter(({ mark }) => mark === 'BAD');
  if (bad.length > 0) {
    throw new UserError(
      'doctor.bad',
      `The bot cannot start as it is: ${bad.map(({ what }) => what).join(', ')}. Mend what is marked BAD above.`,
    );
  }
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isFine = major > 20 || (major === 20 && minor >= 19);
  const advice = isFine ? '' : '; expected 20.19 or later, from nodejs.org';
  return finding(isFine ? 'ok' : 'BAD', 'node', `${process.versions.node}${advice}`);
}

function eightBits({ precision, devices: runners }: Config): Finding {
  const found = eightBitInstructions();
  const isOfFleet = runners.some((device) => device.includes('://'));
  const others = isOfFleet ? ', and work in 8 bits is left to other runners' : '';
  const unasked = runners.every((device) => device === 'cpu')
    ? 'large models are drawn in 8 bits on it, unless PRECISION=fp32'
    : 'beside other devices in RUNNERS it is not asked for 8 bits, unless PRECISION=int8';
  const asked = precision === undefined || precision === 'auto' ? unasked : `PRECISION asks for ${precision}`;
  if (found !== undefined) {
    return finding('ok', '8 bits', `this processor has ${found}; ${asked}`);
  }
  return precision === 'int8'
    ? finding('BAD', '8 bits', 'PRECISION asks for int8, but this processor has no VNNI, AMX or i8mm; take it out')
    : finding('off', '8 bits', `this processor has no VNNI, AMX or i8mm: models are drawn in fp32${others}`);
}

/** Each of this machine is opened as the bot opens it: in a child, which it may take down. */
async function devices(config: Config): Promise<readonly Finding[]> {
  const present = (await listProviders()).join(', ');
  const findings: Finding[] = [];
  for (const device of config.devices) {
    findings.push(
      device.includes('://')
        ? finding('ok', 'device', `runners at ${new URL(device).host}`)
        : await opened(config, device, present),
    );
  }
  return findings;
}

const OPENED = { passed: true, detail: '' };

async function opened(config: Config, device: string, present: string): Promise<Finding> {
  const { runner, ready } = await openLocalRunners(config, [device], () => {});
  try {
    await ready();
    // A card is tried when it is opened; a processor is taken at its word then.
    const { passed, detail } = device === 'cpu' ? await tryOut('opens', { kind: 'cpu' }) : OPENED;
    if (!passed) {
      throw new Error(`Expected a session to add numbers, it did not (${detail}).`);
    }
    const forms = runner.health()[0]?.forms ?? '';
    return finding('ok', 'device', `${device}: ${forms} (this machine has ${present})`);
  } catch (error) {
    const { detail } = failed('device', error);
    return finding('BAD', 'device', `${device}: ${detail} This machine has ${present}; correct RUNNERS.`);
  } finally {
    await runner.close(0);
  }
}

async function model(config: Config): Promise<Finding> {
  try {
    const found = await openCatalog(config.dataFolder).find(config.model);
    const { defaults } = await describeModel(found);
    return finding('ok', 'model', `${found.id}, ${defaults.width}x${defaults.height} in ${defaults.steps} steps`);
  } catch (error) {
    return failed('model', error);
  }
}

async function folder(config: Config): Promise<Finding> {
  try {
    const there = await nearestFolder(config.dataFolder);
    await access(there, constants.W_OK);
    const { bavail, bsize } = await statfs(there);
    const freeGb = (bavail * bsize) / 1e9;
    const room = `${config.dataFolder}, ${freeGb.toFixed(1)} GB free`;
    return freeGb < 1 ? finding('BAD', 'data', `${room}; make room`) : finding('ok', 'data', room);
  } catch (error) {
    return failed('data', error);
  }
}

/** The folder, or the one that it would be made in. */
async function nearestFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined && dirname(folder) !== folder) {
    return await nearestFolder(dirname(folder));
  }
  if (found?.isDirectory() !== true) {
    throw new Error(`${folder} is no folder; set FOURSTEP_DATA to another`);
  }
  return folder;
}

async function store(config: Config): Promise<Finding> {
  try {
    const { isForgetful } = await checkStores({ folder: config.dataFolder, url: config.storeUrl });
    if (isForgetful) {
      return finding(
        'warn',
        'store',
        'the Redis of STORE_URL forgets what it was told last when it is killed: set `appendonly yes` (and `appendfsync always` to lose nothing)',
      );
    }
    const isEmbedded = config.storeUrl === undefined;
    return finding('ok', 'store', isEmbedded ? 'embedded, in the data folder' : 'the server of STORE_URL answers');
  } catch (error) {
    return failed('store', error);
  }
}
