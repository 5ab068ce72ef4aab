/**
 * What a model is today, in one short text: a hash over its nets' tensors (names, types, shapes) and their files' bytes,
 * and, after dots, one of its table of words and one of its own accelerators. Two models of one fingerprint draw the same
 * pictures; a model trained anew has another. A file is read once: its hash is kept beside its size and time of change.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { z } from 'zod';

import type { Fingerprint } from '../src/core/request.ts';
import { readManifest } from '../src/engine/model/manifest-file.ts';
import { openComponent, openSafetensors, type TensorSource } from '../src/engine/weights/index.ts';
import { exists, readJson, writeJson } from './catalog-files.ts';

const NETS = ['unet', 'vae', 'text_encoder', 'text_encoder_2'] as const;
const CHUNK_BYTES = 1_048_576;

const kept = z.object({ file: z.string(), size: z.number(), mtimeMs: z.number(), sha256: z.string() });

export class Fingerprints {
  readonly #folder: string;

  /** `folder`, absolute: where hashes of files are kept. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Of the diffusers folder or checkpoint at `source`. Throws what opening its weights throws. */
  async of(source: string): Promise<Fingerprint> {
    const hash = createHash('sha256');
    for (const [net, tensors] of await netsOf(source)) {
      const infos = tensors.names.toSorted().flatMap((name) => tensors.get(name) ?? []);
      for (const { name, dtype, shape } of infos) {
        hash.update(`${net} ${name} ${dtype} ${shape.join('x')}\n`);
      }
      for (const file of [...new Set(infos.map((info) => info.file))].toSorted()) {
        hash.update(`${net} ${basename(file)} ${await this.#fileHash(file)}\n`);
      }
    }
    const nets = hash.digest('hex').slice(0, 32);
    const manifest = (await stat(source)).isFile() ? undefined : await readManifest(source);
    const words = await this.#hashOf(source, manifest?.words === undefined ? [] : [manifest.words]);
    const accelerators = await this.#hashOf(
      source,
      (manifest?.accelerators ?? []).map(({ file }) => file),
    );
    return [nets, words, accelerators].join('.').replace(/\.+$/u, '');
  }

  /** Of those of the files that are there, for one that is missing is told where it is drawn with; of one its own, of none ''. */
  async #hashOf(folder: string, names: readonly string[]): Promise<string> {
    const files = names.map((name) => join(folder, name));
    const isThere = await Promise.all(files.map((file) => exists(file)));
    const hashes = await Promise.all(files.filter((_, at) => isThere[at] === true).map((file) => this.#fileHash(file)));
    const whole = hashes.length < 2 ? hashes.join('') : createHash('sha256').update(hashes.join(' ')).digest('hex');
    return whole.slice(0, 8);
  }

  async #fileHash(file: string): Promise<string> {
    const { size, mtimeMs } = await stat(file);
    const note = join(this.#folder, `${createHash('sha256').update(file).digest('hex').slice(0, 32)}.json`);
    // A torn or foreign note is written anew.
    const known = await readJson(note, kept).catch(() => undefined);
    if (known?.file === file && known.size === size && known.mtimeMs === mtimeMs) {
      return known.sha256;
    }
    const hash = createHash('sha256');
    await pipeline(createReadStream(file, { highWaterMark: CHUNK_BYTES }), hash);
    const sha256 = hash.digest('hex');
    await writeJson(note, { file, size, mtimeMs, sha256 });
    return sha256;
  }
}

async function netsOf(source: string): Promise<readonly (readonly [net: string, tensors: TensorSource])[]> {
  if ((await stat(source)).isFile()) {
    return [['checkpoint', (await openSafetensors(source)).tensors]];
  }
  const nets: [string, TensorSource][] = [];
  for (const net of NETS) {
    const folder = join(source, net);
    if (await exists(folder)) {
      nets.push([net, await openComponent(folder)]);
    }
  }
  return nets;
}
