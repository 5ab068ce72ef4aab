/** Against a real HTTPS server on this machine, under a name that only these tests resolve. The certificate is made for them. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchFile } from '../../src/store/fetch-file.ts';
import { FileStore } from '../../src/store/files.ts';
import { isPublicAddress } from '../../src/store/public-address.ts';

const fixture = async (name: string) => await readFile(new URL(`./fixtures/${name}`, import.meta.url), 'utf8');
const ca = await fixture('files-test.crt.pem');
const key = await fixture('files-test.key.pem');

const lora = (size = 200): Buffer => {
  const header = Buffer.from('{"__metadata__":{}}');
  const data = Buffer.concat([Buffer.alloc(8), header, Buffer.alloc(size, 7)]);
  data.writeBigUInt64LE(BigInt(header.length), 0);
  return data;
};

let server: Server;
let port: number;
let folder: string;
let files: FileStore;
const seen: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-fetch-'));
  files = new FileStore(folder);
  server = createServer({ key, cert: ca }, (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'https://files.test');
    seen.push(`${request.headers.host}${pathname}`);
    switch (pathname) {
      case '/glow.safetensors':
        response.end(lora());
        return;
      case '/pieces':
        for (const byte of lora()) {
          response.write(Buffer.from([byte]));
        }
        response.end();
        return;
      case '/announced':
        response.writeHead(200, { 'content-length': '5000' });
        response.end(lora(4973));
        return;
      case '/endless':
        response.write(lora(900));
        response.end(Buffer.alloc(5000));
        return;
      case '/page':
        response.end('<!doctype html><title>Sign in</title>');
        return;
      case '/slow': {
        response.write(lora(10));
        const timer = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(timer));
        return;
      }
      case '/broken':
        response.writeHead(200, { 'content-length': '500' });
        response.write(lora(10));
        response.destroy();
        return;
      case '/here':
        response.writeHead(302, { location: '/glow.safetensors' }).end();
        return;
      case '/cdn':
        response.writeHead(307, { location: `https://cdn.files.test:${port}/glow.safetensors` }).end();
        return;
      case '/away':
        response.writeHead(302, { location: 'https://evil.test/glow.safetensors' }).end();
        return;
      case '/down':
        response.writeHead(302, { location: `http://files.test:${port}/glow.safetensors` }).end();
        return;
      case '/round':
        response.writeHead(302, { location: '/round' }).end();
        return;
      default:
        response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const get = async (url: string, more: Partial<Parameters<typeof fetchFile>[1]> = {}) =>
  await fetchFile(url, {
    files,
    hosts: [`files.test:${port}`, `*.files.test:${port}`],
    limitBytes: 2000,
    isAllowedAddress: () => true,
    resolve: async () => ['127.0.0.1'],
    ca,
    ...more,
  });
const path = (name: string) => `https://files.test:${port}/${name}`;

describe('fetching a LoRA', () => {
  it.each(['glow.safetensors', 'pieces', 'here', 'cdn'])('brings /%s, and keeps it not yet', async (name) => {
    const file = await get(path(name));
    const sha256 = createHash('sha256').update(lora()).digest('hex');
    expect(file).toMatchObject({ sha256, bytes: lora().length });
    expect(await files.has(files.pathOf('loras', sha256, '.safetensors'))).toBe(false);
    expect(basename(dirname(file.path))).toBe('temporary');
    expect((await readFile(file.path)).equals(lora())).toBe(true);
    await files.remove(file.path);
  });

  it.each([
    ['announced', 'A LoRA can have 0 MB here; this one has 1 MB.'],
    ['endless', 'A LoRA can have 0 MB here'],
    ['page', 'does not begin like one'],
    ['nothing', 'answered 404 instead of the file'],
    ['broken', 'did not send the file'],
    ['away', 'sends on to evil.test, from where files are not fetched'],
    ['down', 'from where files are not fetched'],
    ['round', 'did not send the file'],
  ])('refuses /%s in a sentence and leaves nothing behind', async (name, sentence) => {
    const before = (await readdir(folder, { recursive: true })).length;
    await expect(get(path(name))).rejects.toThrow(sentence);
    expect((await readdir(folder, { recursive: true })).length).toBe(before);
  });

  it('gives up on a host that sends a byte now and then, and leaves nothing behind', async () => {
    const before = (await readdir(folder, { recursive: true })).length;
    await expect(get(path('slow'), { deadlineMs: 300 })).rejects.toThrow('did not send the file');
    expect((await readdir(folder, { recursive: true })).length).toBe(before);
  });

  it.each([
    ['http://files.test/x', 'begins with https://'],
    ['file:///etc/passwd', 'begins with https://'],
    ['not an address', 'begins with https://'],
    ['https://user:secret@files.test/x', 'begins with https://'],
    ['https://files.test/x', 'Files are fetched from'],
    ['https://evil.test/x', 'Files are fetched from'],
    ['https://files.test.evil.test/x', 'Files are fetched from'],
  ])('refuses the address %s before anything is resolved', async (url, sentence) => {
    let isResolved = false;
    const resolve = async () => {
      isResolved = true;
      return ['127.0.0.1'];
    };
    await expect(get(url, { resolve })).rejects.toThrow(sentence);
    expect(isResolved).toBe(false);
  });

  it.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:192.168.0.1', 'fd00::1'])(
    'connects to nobody where the name leads to %s',
    async (address) => {
      const before = seen.length;
      const options = { resolve: async () => ['93.184.216.34', address], isAllowedAddress: isPublicAddress };
      await expect(get(path('glow.safetensors'), options)).rejects.toThrow('leads into a private network');
      expect(seen.length).toBe(before);
    },
  );

  it('connects to the address that was checked, whatever the name says later', async () => {
    let asked = 0;
    const resolve = async () => (++asked === 1 ? ['127.0.0.1'] : ['203.0.113.1']);
    await get(path('glow.safetensors'), { resolve });
    expect(asked).toBe(1);
  });

  it('does not trust a server without the right certificate', async () => {
    await expect(
      fetchFile(path('glow.safetensors'), {
        files,
        hosts: [`files.test:${port}`],
        limitBytes: 2000,
        isAllowedAddress: () => true,
        resolve: async () => ['127.0.0.1'],
      }),
    ).rejects.toThrow('did not send the file');
  });
});

describe('a public address', () => {
  it.each([
    ['93.184.216.34', true],
    ['2606:2800:220:1:248:1893:25c8:1946', true],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['169.254.169.254', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::', false],
    ['::7f00:1', false],
    ['::808:808', false],
    ['::1', false],
    ['fe80::1', false],
    ['fc00::1', false],
    ['::ffff:127.0.0.1', false],
    ['::ffff:a00:1', false],
    ['64:ff9b::a00:1', false],
    ['2002:a00:1::', false],
    ['localhost', false],
  ])('%s: %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });
});
