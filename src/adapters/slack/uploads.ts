/** Files that people attach, fetched from Slack's own host only, because our token goes with the request. */
import type { Upload } from '../../core/command.ts';
import { uploadOf } from '../shared/download.ts';
import type { TokenSource } from './client.ts';
import { at, textAt } from './json.ts';

export type FilesOptions = { readonly token: TokenSource; readonly apiUrl: string };

/** The file object of a payload as an upload; it is fetched when it is read. */
export function uploadFrom(file: unknown, { token, apiUrl }: FilesOptions): Upload {
  const size = at(file, 'size');
  const api = new URL(apiUrl);
  return uploadOf({
    name: textAt(file, 'name') ?? 'file',
    sizeBytes: typeof size === 'number' && size >= 0 ? size : 0,
    url: textAt(file, 'url_private_download') ?? textAt(file, 'url_private'),
    // Where the Web API is a stand-in, files come from that same host and from nowhere else.
    isAllowed: ({ protocol, hostname }) =>
      (protocol === 'https:' && hostname === 'files.slack.com') ||
      (!api.hostname.endsWith('slack.com') && hostname === api.hostname),
    headers: async () => ({ authorization: `Bearer ${await token.current()}` }),
    // A token without files:read gets the page of the login.
    isFile: ({ headers }) => !(headers.get('content-type') ?? '').startsWith('text/html'),
  });
}
