/** An interaction as Discord posts it to the application's endpoint: signed with Ed25519 over timestamp and body. */
import { sign } from 'node:crypto';

import type { Endpoint } from './index.ts';

export async function postSigned({ url, key }: Endpoint, payload: unknown, nowMs: number): Promise<Response> {
  const body = JSON.stringify(payload);
  const timestamp = String(Math.floor(nowMs / 1000));
  return fetch(url, { method: 'POST', body, headers: signature(key, timestamp, body) });
}

export function signature(key: Endpoint['key'], timestamp: string, body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-signature-ed25519': sign(null, Buffer.from(timestamp + body), key).toString('hex'),
    'x-signature-timestamp': timestamp,
  };
}
