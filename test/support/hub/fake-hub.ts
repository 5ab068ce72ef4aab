/**
 * The Hugging Face hub on loopback: one repository at one commit, its listing, and ranged reads, with what a client asked
 * kept in order. Files are Git LFS above `LFS_FROM` bytes, as there.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const LFS_FROM = 1000;

export type FakeHub = {
  readonly url: string;
  /** `GET path` with its range, in order. */
  readonly asked: readonly string[];
  /** From now on, answers of file contents break off after so many bytes, once. */
  readonly breakOffAfter: (bytes: number) => void;
  readonly close: () => Promise<void>;
};

export async function openFakeHub(repo: string, files: ReadonlyMap<string, Uint8Array>): Promise<FakeHub> {
  const asked: string[] = [];
  let breakAfter: number | undefined;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    asked.push(`${path} ${request.headers.range ?? ''}`.trim());
    if (path === `/api/models/${repo}/revision/HEAD`) {
      json(response, { _id: '1', id: repo, sha: COMMIT, lastModified: '2024-01-01T00:00:00Z' });
      return;
    }
    if (path === `/api/models/${repo}/tree/${COMMIT}`) {
      json(response, [...files].map(entryOf));
      return;
    }
    const data = files.get(path.replace(`/${repo}/resolve/${COMMIT}/`, ''));
    if (data === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Repository not found"}');
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [from, to] = range === null ? [0, data.length - 1] : [Number(range[1]), Number(range[2])];
    const body = data.subarray(from, to + 1);
    response.writeHead(range === null ? 200 : 206, {
      etag: '"x"',
      'content-length': body.length,
      ...(range !== null && { 'content-range': `bytes ${from}-${to}/${data.length}` }),
    });
    if (breakAfter !== undefined && body.length > breakAfter) {
      response.write(body.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 50));
      breakAfter = undefined;
      return;
    }
    response.end(body);
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    breakOffAfter: (bytes) => {
      breakAfter = bytes;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function entryOf([path, data]: readonly [string, Uint8Array]): unknown {
  const size = data.length;
  const lfs = { oid: createHash('sha256').update(data).digest('hex'), size, pointerSize: 130 };
  return { type: 'file', path, size, oid: 'git', ...(size >= LFS_FROM && { lfs }) };
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
