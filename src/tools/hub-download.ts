/**
 * A model from the Hugging Face hub into a folder, whole or with a reason why not. Files that are complete stay from one
 * try to the next, and half a file is gone on with; weights are checked against the hub's own hashes.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { downloadFile, HubApiError, type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub';

import { UserError } from '../core/errors.ts';
import { neededFiles } from './hub-files.ts';

export type HubName = { readonly repo: string; readonly revision: string | undefined };

export type HubDownload = HubName & {
  readonly variant: 'fp16' | undefined;
  /** Base URL, as in `https://huggingface.co`. */
  readonly endpoint: string;
  /** For repositories behind a licence. */
  readonly token: string | undefined;
  /** Absolute: holds a folder for each repository and commit. */
  readonly folder: string;
  readonly say: (line: string) => void;
};

/** `hf:owner/name[@revision]`; undefined for what is no such name. Throws `UserError` `usage.hub` for half of one. */
export function parseHubName(text: string): HubName | undefined {
  if (!text.startsWith('hf:')) {
    return undefined;
  }
  const match = /^hf:([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/.exec(text);
  if (match?.[1] === undefined) {
    throw new UserError(
      'usage.hub',
      `Expected a repository of the hub as hf:owner/name or hf:owner/name@revision, got "${text}". Correct its name.`,
      { params: { given: text } },
    );
  }
  return { repo: match[1], revision: match[2] };
}

/** Returns the model's folder. Throws `UserError` (`hub.…`). */
export async function downloadModel(download: HubDownload): Promise<string> {
  const { repo, folder, variant, say } = download;
  return withClearErrors(download, async () => {
    const { sha } = await modelInfo({
      name: repo,
      additionalFields: ['sha'],
      ...access(download),
      ...(download.revision !== undefined && { revision: download.revision }),
    });
    const entries = new Map<string, ListFileEntry>();
    for await (const entry of listFiles({ repo, revision: sha, recursive: true, ...access(download) })) {
      if (entry.type === 'file') {
        entries.set(entry.path, entry);
      }
    }
    if (!entries.has('model_index.json')) {
      throw new UserError(
        'hub.layout',
        `Expected a diffusers model in ${repo}, but it has no model_index.json; take another repository, or download its checkpoint and add the file.`,
        { params: { repo } },
      );
    }
    const target = join(folder, `${repo.replace('/', '--')}-${sha.slice(0, 12)}`);
    const needed = neededFiles([...entries.keys()], variant).flatMap((path) => entries.get(path) ?? []);
    for (const entry of needed) {
      await fetchFile(entry, sha, join(target, ...entry.path.split('/')), download);
    }
    say(`${repo} is in ${target}`);
    return target;
  });
}

async function fetchFile(entry: ListFileEntry, commit: string, file: string, download: HubDownload): Promise<void> {
  const size = entry.lfs?.size ?? entry.size;
  if ((await sizeOf(file)) === size) {
    return;
  }
  const part = `${file}.part`;
  const have = await sizeOf(part);
  const start = have < size ? have : 0;
  download.say(
    `fetching ${entry.path} (${(size / 1e6).toFixed(1)} MB)${start > 0 ? `, from ${(start / 1e6).toFixed(1)} on` : ''}`,
  );
  await mkdir(dirname(file), { recursive: true });
  const { repo } = download;
  // Plain ranged reads: they can be gone on with, and every mirror of the hub has them.
  const blob = await downloadFile({ repo, path: entry.path, revision: commit, xet: false, ...access(download) });
  if (blob === null) {
    throw new UserError('hub.file', `Expected ${entry.path} in ${repo}, but the hub no longer has it. Try again.`);
  }
  await pipeline(
    Readable.from(blob.slice(start, size).stream()),
    createWriteStream(part, { flags: start > 0 ? 'a' : 'w' }),
  );
  const isWhole =
    (await sizeOf(part)) === size && (entry.lfs === undefined || (await sha256Of(part)) === entry.lfs.oid);
  if (!isWhole) {
    await rm(part, { force: true });
    throw new UserError(
      'hub.damaged',
      `Expected ${entry.path} of ${repo} to arrive as the hub has it, but it is damaged. Run the command again.`,
      { params: { repo, path: entry.path } },
    );
  }
  await rename(part, file);
}

function access({ endpoint, token }: HubDownload): { readonly hubUrl: string; readonly accessToken?: string } {
  return { hubUrl: endpoint, ...(token !== undefined && { accessToken: token }) };
}

async function withClearErrors<T>({ repo, revision, endpoint }: HubDownload, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof UserError) {
      throw cause;
    }
    const name = revision === undefined ? repo : `${repo}@${revision}`;
    if (cause instanceof HubApiError && [401, 403, 404].includes(cause.statusCode)) {
      throw new UserError(
        'hub.missing',
        `Expected a model ${name} at ${endpoint}, but it answers ${cause.statusCode}. Check the name; for one behind a licence accept it there and set HF_TOKEN.`,
        { params: { repo: name, endpoint, status: cause.statusCode }, cause },
      );
    }
    const reason = reasonOf(cause);
    throw new UserError(
      'hub.failed',
      `Expected to fetch ${name} from ${endpoint}, but it broke off (${reason}). Run the command again: what has arrived is kept.`,
      { params: { repo: name, endpoint, reason }, cause },
    );
  }
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}

/** 0 where there is none. */
async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
