/** The CUDA provider out of a wheel, from a package index that stands in. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { fetchProviders } from '../../../src/tools/gpu-install/provider-wheel.ts';

const VERSION = '1.30.0';
const WHEEL = `onnxruntime_gpu-${VERSION}-cp312-cp312-manylinux_2_28_x86_64.whl`;
const FILES = {
  'onnxruntime/capi/libonnxruntime_providers_shared.so': 'the shared part',
  'onnxruntime/capi/libonnxruntime_providers_cuda.so': 'the kernels',
  'onnxruntime/capi/other.py': 'not wanted',
};

let folder = '';
let server: Server;
let index = '';
let wheel = zipOf(FILES);
let hash: string | undefined;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-provider-'));
  writeFileSync(path.join(folder, 'libonnxruntime_providers_shared.so'), 'the one of before');
  wheel = zipOf(FILES);
  hash = undefined;
  server = createServer((request, response) => {
    if (request.url === '/simple/onnxruntime-gpu/') {
      const files = [
        { filename: `onnxruntime_gpu-${VERSION}-cp312-cp312-win_amd64.whl`, url: '/other', hashes: { sha256: '0' } },
        { filename: WHEEL, url: '/files/wheel', hashes: { sha256: hash ?? sha256(wheel) } },
      ];
      response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json').end(JSON.stringify({ files }));
    } else if (request.url === '/files/wheel') {
      response.end(wheel);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  index = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`;
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

describe('the CUDA provider of a wheel', () => {
  it('lies beside onnxruntime’s library, and nothing else is left', async () => {
    await fetchProviders({ index, version: VERSION, folder });
    expect(readdirSync(folder).toSorted()).toEqual([
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
    expect(read('cuda')).toBe('the kernels');
    expect(read('shared')).toBe('the shared part');
  });

  it('is refused where it arrived with another hash, and what was there stays', async () => {
    hash = '0'.repeat(64);
    await expect(fetchProviders({ index, version: VERSION, folder })).rejects.toMatchObject({ code: 'gpu.fetch' });
    expect(readdirSync(folder)).toEqual(['libonnxruntime_providers_shared.so']);
    expect(read('shared')).toBe('the one of before');
  });

  it('is asked for of the very version', async () => {
    const refused = fetchProviders({ index, version: '1.29.0', folder });
    await expect(refused).rejects.toMatchObject({ code: 'gpu.wheel', message: expect.stringContaining('1.29.0') });
  });

  it('is missed in a wheel that lacks it', async () => {
    wheel = zipOf({ 'onnxruntime/capi/other.py': 'not wanted' });
    await expect(fetchProviders({ index, version: VERSION, folder })).rejects.toMatchObject({ code: 'gpu.wheel' });
    expect(read('shared')).toBe('the one of before');
  });

  it('is not fetched from an index that is not there', async () => {
    const away = fetchProviders({ index: 'http://127.0.0.1:1/simple', version: VERSION, folder });
    await expect(away).rejects.toMatchObject({ code: 'gpu.fetch', message: expect.stringContaining('127.0.0.1:1') });
  });
});

function read(part: string): string {
  return readFileSync(path.join(folder, `libonnxruntime_providers_${part}.so`), 'utf8');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A zip file that stores what it holds as it is. */
function zipOf(files: Readonly<Record<string, string>>): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path_, data] = [Buffer.from(name), Buffer.from(text)];
    const facts = Buffer.alloc(22); // method, time, date, checksum, both sizes, lengths of name and extra field
    facts.writeUInt32LE(crc32(data), 6);
    facts.writeUInt32LE(data.length, 10);
    facts.writeUInt32LE(data.length, 14);
    facts.writeUInt16LE(path_.length, 18);
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0]), facts, path_, data]);
    const tail = Buffer.alloc(14); // lengths of comment, disk and attributes, place of the file
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0, 20, 0, 0, 0]), facts, tail, path_]));
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.set([0x50, 0x4b, 5, 6]);
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}
