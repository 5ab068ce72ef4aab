/**
 * Files that people attach, fetched when somebody reads them: only from where the chat keeps its files, never over a
 * redirect, and never more than was allowed. Knows no chat; the caller says where files may lie.
 */
import { refusal } from '../../bot/refusal.ts';
import { bounded } from '../../core/bounded-bytes.ts';
import type { Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';

export type RemoteFile = {
  readonly name: string;
  readonly sizeBytes: number;
  /** Undefined where the chat gave none. */
  readonly url: string | undefined;
  readonly isAllowed: (url: URL) => boolean;
  /** Asked when it is fetched: a token may be another one by then. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>;
  /** False for an answer that is something else than the file, such as the page of a login. */
  readonly isFile?: (response: Response) => boolean;
};

const WITHIN_MS = 120_000;
const MB = 1_048_576;

/** Its stream throws `UserError` `upload.host`, `upload.size`, `upload.gone` or `upload.unreachable`. */
export function uploadOf(file: RemoteFile): Upload {
  const { name, sizeBytes } = file;
  return { name, sizeBytes, stream: (limitBytes) => download(file, limitBytes) };
}

async function* download(file: RemoteFile, limitBytes: number): AsyncGenerator<Uint8Array, void> {
  const { name, sizeBytes } = file;
  const url = file.url !== undefined && URL.canParse(file.url) ? new URL(file.url) : undefined;
  if (url === undefined || url.username !== '' || !file.isAllowed(url)) {
    throw refusal('upload.host', { name });
  }
  if (sizeBytes > limitBytes) {
    throw tooLarge(name, sizeBytes, limitBytes);
  }
  try {
    const { body } = await answerOf(file, url);
    yield* bounded(body ?? [], limitBytes, (bytes) => tooLarge(name, bytes, limitBytes));
  } catch (cause) {
    throw cause instanceof UserError ? cause : refusal('upload.unreachable', { name }, { cause });
  }
}

async function answerOf(
  { name, headers = async () => ({}), isFile = () => true }: RemoteFile,
  url: URL,
): Promise<Response> {
  // A redirect could lead anywhere, into the private network too.
  const sent = { headers: await headers() };
  const response = await fetch(url, { ...sent, redirect: 'error', signal: AbortSignal.timeout(WITHIN_MS) });
  if (response.ok && isFile(response)) {
    return response;
  }
  await response.body?.cancel();
  if (response.status >= 400 && response.status < 500) {
    throw refusal('upload.gone', { name });
  }
  throw new Error(`status ${response.status}${response.ok ? ', and something else than the file' : ''}`);
}

function tooLarge(name: string, bytes: number, limitBytes: number): UserError {
  const [given, max] = [Math.ceil(bytes / MB), Math.ceil(limitBytes / MB)];
  return refusal('upload.size', { name, max, given });
}
