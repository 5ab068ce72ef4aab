/**
 * Files that people attach: fetched from Slack's own host only, because our token goes with the request, and never more
 * than was allowed. Knows no commands.
 */
import type { Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import { at, textAt } from './json.ts';

export type FilesOptions = { readonly botToken: string; readonly apiUrl: string };

const TIMEOUT_MS = 60_000;

/** The file object of a payload as an upload; it is fetched when it is read. */
export function uploadOf(file: unknown, { botToken, apiUrl }: FilesOptions): Upload {
  const name = textAt(file, 'name') ?? 'file';
  const size = at(file, 'size');
  const sizeBytes = typeof size === 'number' && size >= 0 ? size : 0;
  return {
    name,
    sizeBytes,
    read: async (limitBytes) => {
      if (sizeBytes > limitBytes) {
        throw tooLarge(name, sizeBytes, limitBytes);
      }
      const url = fileUrl(textAt(file, 'url_private_download') ?? textAt(file, 'url_private'), apiUrl, name);
      return readBounded(await fetchFile(url, botToken, name), name, limitBytes);
    },
  };
}

/** Throws `UserError` `upload.host` for an address that is not on Slack's host of files. */
function fileUrl(address: string | undefined, apiUrl: string, name: string): URL {
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  const api = new URL(apiUrl);
  const isSlack = url?.protocol === 'https:' && url.hostname === 'files.slack.com';
  // Where the Web API is a stand-in, files come from that same host and from nowhere else.
  const isStandIn = !api.hostname.endsWith('slack.com') && url?.hostname === api.hostname;
  if (url === undefined || (!isSlack && !isStandIn) || url.username !== '') {
    throw new UserError('upload.host', `The file “${name}” is not on Slack. Upload it to Slack itself and try again.`, {
      params: { name },
    });
  }
  return url;
}

async function fetchFile(url: URL, botToken: string, name: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${botToken}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    throw unreadable(name, cause);
  }
  // A token without files:read gets a redirect to, or the page of, the login.
  const isPage = (response.headers.get('content-type') ?? '').startsWith('text/html');
  if (!response.ok || isPage) {
    await response.body?.cancel();
    throw unreadable(name, new Error(`status ${response.status}${isPage ? ', a page instead of the file' : ''}`));
  }
  return response;
}

async function readBounded(response: Response, name: string, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of response.body ?? []) {
      total += chunk.byteLength;
      if (total > limitBytes) {
        throw tooLarge(name, total, limitBytes);
      }
      chunks.push(chunk);
    }
  } catch (cause) {
    throw cause instanceof UserError ? cause : unreadable(name, cause);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string, bytes: number, limitBytes: number): UserError {
  const [size, max] = [bytes, limitBytes].map((value) => Math.ceil(value / 1_000_000));
  return new UserError('upload.size', `${name} can have ${max} MB here; it has ${size} MB. Attach a smaller one.`, {
    params: { name, max: max ?? 0, given: size ?? 0 },
  });
}

function unreadable(name: string, cause: unknown): UserError {
  return new UserError(
    'upload.unreachable',
    `Slack did not send ${name}. Upload it again; if it goes on, the app needs the scope files:read.`,
    { params: { name }, cause },
  );
}
