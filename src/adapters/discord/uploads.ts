/** Attachments of an interaction, fetched from where Discord keeps them and from nowhere else. */
import type { Upload } from '../../core/command.ts';
import { uploadOf } from '../shared/download.ts';
import type { Attachment } from './payload.ts';

/** `cdnUrl`: scheme, host and perhaps a path; what lies elsewhere is refused without a request. */
export function uploadFrom(
  cdnUrl: string,
  { filename, size, url }: Pick<Attachment, 'filename' | 'size' | 'url'>,
): Upload {
  const allowed = new URL(cdnUrl);
  const folder = allowed.pathname.endsWith('/') ? allowed.pathname : `${allowed.pathname}/`;
  return uploadOf({
    name: filename,
    sizeBytes: size,
    url,
    isAllowed: ({ origin, pathname }) => origin === allowed.origin && pathname.startsWith(folder),
  });
}
