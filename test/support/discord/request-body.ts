/** A request's body as Discord reads it: JSON, multipart with `payload_json` and `files[n]`, or a sticker's plain form. */
import type { IncomingMessage } from 'node:http';

import { refusals } from './failures.ts';

export type SentFile = {
  readonly index: number;
  readonly name: string;
  readonly contentType: string;
  readonly data: Uint8Array;
};

export type Body = { readonly json: unknown; readonly files: readonly SentFile[]; readonly sizeBytes: number };

export async function readBody(request: IncomingMessage): Promise<Body> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer); // an IncomingMessage without an encoding yields buffers
  }
  const bytes = Buffer.concat(chunks);
  const contentType = request.headers['content-type'] ?? '';
  if (bytes.length === 0) {
    return { json: undefined, files: [], sizeBytes: 0 };
  }
  if (!contentType.startsWith('multipart/form-data')) {
    return { json: parseJson(bytes.toString('utf8')), files: [], sizeBytes: bytes.length };
  }
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  const payload = form.get('payload_json');
  const files: SentFile[] = [];
  for (const [key, part] of form) {
    const index = key === 'file' ? '0' : /^files\[(\d+)\]$/.exec(key)?.[1];
    if (index !== undefined && typeof part !== 'string') {
      files.push({
        index: Number(index),
        name: part.name,
        contentType: part.type,
        data: new Uint8Array(await part.arrayBuffer()),
      });
    }
  }
  const fields = Object.fromEntries([...form].filter(([, part]) => typeof part === 'string'));
  return { json: typeof payload === 'string' ? parseJson(payload) : fields, files, sizeBytes: bytes.length };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusals.invalidJson();
  }
}
