/**
 * Attached files, fetched only from where Discord keeps attachments, only when somebody reads them, and never more than
 * was allowed. The address comes with the delivery and is signed for about a day.
 */
import { UserError } from '../../core/errors.ts';
import type { Upload } from '../../core/command.ts';
import type { Attachment } from './payload.ts';

const FETCH_WITHIN_MS = 120_000;

/** `cdnUrl`: scheme, host and perhaps a path; what lies elsewhere is refused without a request. */
export function uploadFrom(cdnUrl: string, attachment: Attachment): Upload {
  return {
    name: attachment.filename,
    sizeBytes: attachment.size,
    read: async (limitBytes) => fetchWithin(cdnUrl, attachment, limitBytes),
  };
}

async function fetchWithin(
  cdnUrl: string,
  { url, filename, size }: Attachment,
  limitBytes: number,
): Promise<Uint8Array> {
  if (!isUnder(cdnUrl, url)) {
    throw new UserError(
      'upload.host',
      `Files are fetched from Discord only; ${filename} lies elsewhere. Attach it here.`,
      {
        params: { name: filename },
      },
    );
  }
  if (size > limitBytes) {
    throw tooLarge(filename, size, limitBytes);
  }
  let response: Response;
  try {
    // A redirect could lead anywhere, into the private network too.
    response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_WITHIN_MS) });
  } catch (error) {
    throw unreachable(filename, error);
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw response.status >= 500
      ? unreachable(filename, new Error(`status ${response.status}`))
      : new UserError('upload.gone', `Discord no longer has ${filename}. Attach it again.`, {
          params: { name: filename },
        });
  }
  const chunks: Uint8Array[] = [];
  let received = 0;
  try {
    for await (const chunk of response.body) {
      received += chunk.length;
      if (received > limitBytes) {
        throw tooLarge(filename, received, limitBytes);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof UserError ? error : unreachable(filename, error);
  }
  return Buffer.concat(chunks);
}

function isUnder(base: string, address: string): boolean {
  if (!URL.canParse(address)) {
    return false;
  }
  const allowed = new URL(base);
  const asked = new URL(address);
  const folder = allowed.pathname.endsWith('/') ? allowed.pathname : `${allowed.pathname}/`;
  return asked.origin === allowed.origin && asked.username === '' && asked.pathname.startsWith(folder);
}

function tooLarge(name: string, bytes: number, limitBytes: number): UserError {
  const [given, max] = [bytes, limitBytes].map((each) => Math.ceil(each / 2 ** 20));
  return new UserError('upload.size', `${name} can have ${max} MB here; it has ${given} MB. Attach a smaller one.`, {
    params: { name, max: max ?? 0, given: given ?? 0 },
  });
}

function unreachable(name: string, cause: unknown): UserError {
  return new UserError('upload.unreachable', `Discord did not send ${name}. Try again in a moment.`, {
    params: { name },
    cause,
  });
}
