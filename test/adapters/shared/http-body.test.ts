/** Bodies of a platform's requests, over a real socket. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readBody } from '../../../src/adapters/shared/http-body.ts';

const server = createServer((asked, response) => {
  readBody(asked, { maxBytes: 10, withinMs: 200 }).then(
    (body) => response.end(body),
    (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
  );
});
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What comes back; undefined where the connection ends without. */
function post(parts: readonly string[], { isEnded = true, headers = {} } = {}): Promise<string | undefined> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve(body));
    });
    sent.on('error', () => resolve(undefined));
    parts.forEach((part) => sent.write(part));
    if (isEnded) {
      sent.end();
    }
  });
}

describe('the body of a request', () => {
  it('is read whole, in however many parts it comes', async () => {
    expect(await post(['ab', 'cd', 'efghij'])).toBe('abcdefghij');
  });

  it('is refused where it is too large, by what it says or by what comes', async () => {
    expect(await post(['0123456789a'])).toBeUndefined();
    expect(await post(['x'], { headers: { 'content-length': '11' }, isEnded: false })).toBeUndefined();
  });

  it('is not waited for where it comes too slowly', async () => {
    expect(await post(['ab'], { isEnded: false })).toBeUndefined();
  });
});
