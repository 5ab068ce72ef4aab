/**
 * What the bot stands on, opened from the configuration: stores, models, runners and the queue over them. Knows no chat;
 * what it opens is closed by the ends that it adds, in the opposite order.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';

import type { Logger } from 'pino';

import { namedLimits } from '../../config/limits.ts';
import type { Config } from '../../config/load.ts';
import { Fingerprints } from '../../models/fingerprint.ts';
import type { BotPorts } from '../bot/index.ts';
import { openHands } from '../bot/in-hand.ts';
import { budgetsFrom, placesFrom } from '../bot/limits.ts';
import { botOptions } from '../bot/options.ts';
import { preferEightBits, usualPrecision } from '../bot/usual-precision.ts';
import { measured, type Metrics } from '../health/index.ts';
import { FairAdmission } from '../queue/index.ts';
import { eightBitInstructions } from '../engine/ort/index.ts';
import { isRemote } from '../runner/open-runners.ts';
import { openStores, pictureAt } from '../store/index.ts';
import { usualDecoder } from './usual-decoder.ts';
import { unetBytes } from './usual-precision.ts';
import { InstalledModels } from './installed-models.ts';
import { createLoras } from './loras.ts';
import { openCatalog } from './open-engine.ts';
import { openLocalRunners } from './runners.ts';

const CLOSE_MS = 2000;

/** Ends one part of what is open. */
export type End = () => void | Promise<void>;

export type Beginning = { readonly log: Logger; readonly metrics: Metrics; readonly ends: End[] };

export type OpenedPorts = Omit<BotPorts, 'chatOf'> & {
  /** Resolves once every device of this machine is open; rejects with the words of the first that cannot be. */
  readonly ready: () => Promise<void>;
};

export async function openBotPorts(config: Config, { log, metrics, ends }: Beginning): Promise<OpenedPorts> {
  const stores = await openStores(
    {
      folder: config.dataFolder,
      url: config.storeUrl,
      budgets: budgetsFrom(config.limits),
      partition: config.partition,
    },
    (cause) => log.warn({ err: cause }, 'the data folder holds no sockets: a second bot on it would not be noticed'),
  );
  ends.push(() => stores.close());
  const { runner, slots, ready, othersPreferEightBits } = await openLocalRunners(
    config,
    config.devices,
    (device, reason) => {
      log.warn({ device, reason }, 'a runner process was replaced');
      metrics.restarted(device);
    },
  );
  ends.push(() => runner.close(CLOSE_MS));
  const own = config.devices.filter((device) => !isRemote(device));
  // Asked of the system once: the models are listed with every command.
  const ownPreferEightBits = preferEightBits(own, eightBitInstructions());
  const prefersEightBits = () => ownPreferEightBits && othersPreferEightBits();
  const models = await InstalledModels.open(
    {
      catalog: openCatalog(config.dataFolder),
      fingerprints: new Fingerprints(join(config.dataFolder, 'cache', 'hashes')),
      wishesOf: async (model, manifest) => {
        const bytes = await unetBytes(model.source);
        const { precision: operator } = config;
        const precision = () =>
          usualPrecision({ operator, manifest: manifest.precision, prefersEightBits: prefersEightBits(), bytes });
        return { precision, decoder: await usualDecoder(config, model, manifest) };
      },
    },
    config.model,
    (error) => log.warn({ err: error }, 'the catalog could not be read'),
  );
  ends.push(() => models.close());
  const admission = new FairAdmission({
    slots,
    onBegin: (_ticket, waitedMs) => metrics.waited(waitedMs / 1000),
  });
  const trainingTurns = new FairAdmission({ slots: config.devices.length });
  const hands = openHands(placesFrom(config.limits));
  metrics.limitedBy(namedLimits(config.limits));
  metrics.watch({
    queue: () => admission.counts(),
    runners: () => runner.health(),
    hands: () => ({ pictures: hands.pictures.count, styles: hands.styles.count }),
    kept: (kind) => stores.files.weightOf(kind),
  });
  const options = botOptions(config, models.list()[0]?.manifest.id ?? config.model);
  return {
    admission,
    trainingTurns,
    runner: measured(runner, metrics),
    stores,
    models,
    pictureAt: (address) => pictureAt(address),
    hands,
    loras: createLoras({ files: stores.files, hosts: config.styleHosts, limitBytes: options.maxLoraBytes }),
    clock: {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    random: { uint32: () => randomInt(0, 2 ** 32) },
    log,
    onEnd: (outcome) => metrics.ended(outcome),
    onRefused: (code) => metrics.refused(code),
    options,
    ready,
  };
}
