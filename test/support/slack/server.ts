/**
 * The workspace on a port of this machine: `/api/<method>`, uploads, files, `response_url`s and the socket. Injects the
 * faults; knows nothing of people.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse as parseForm } from 'node:querystring';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Faults } from './faults.ts';
import { isJson, type Json, jsonOf, records, stringOf } from './json.ts';
import type { OAuthEnd } from './oauth-end.ts';
import type { SocketEnd } from './socket-end.ts';
import type { ResponseUrl, State } from './state.ts';
import { refuse, type WebApi } from './web-api.ts';

export type Tokens = { bot: string; readonly app: string; fault: string | undefined };

export type Call = { readonly method: string; readonly args: Readonly<Record<string, string>>; readonly atMs: number };

/** At least so many of the last ones: a run of hours makes more than a computer remembers. */
const CALLS_KEPT = 50_000;

type ServerParts = {
  readonly state: State;
  readonly api: WebApi;
  readonly faults: Faults;
  readonly socket: SocketEnd;
  readonly tokens: Tokens;
  readonly oauth: OAuthEnd;
};

export class FakeServer {
  readonly #server: Server;
  readonly calls: Call[] = [];
  readonly #state: State;
  readonly #api: WebApi;
  readonly #faults: Faults;
  readonly #socket: SocketEnd;
  readonly #tokens: Tokens;
  readonly #oauth: OAuthEnd;

  constructor({ state, api, faults, socket, tokens, oauth }: ServerParts) {
    this.#state = state;
    this.#api = api;
    this.#faults = faults;
    this.#socket = socket;
    this.#tokens = tokens;
    this.#oauth = oauth;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.writeHead(500);
        response.end(String(error));
      });
    });
    this.#server.on('upgrade', (request, connection, head) => {
      socket.accept(request, connection, head);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    this.#api.close();
    this.#socket.dropAll();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.origin).pathname;
    const body = await readBody(request);
    const [, head = '', name = '', ...rest] = path.split('/');
    if (head === 'avatars') {
      response.writeHead(200, { 'content-type': 'image/png' });
      response.end(this.#state.avatars.get(name));
      return;
    }
    if (head === 'files-pri') {
      this.#serveFile(request, response, name);
      return;
    }
    const method = { api: name, upload: 'upload', hooks: 'response_url' }[head] ?? path;
    const fault = this.#faults.take(method);
    if (fault?.kind === 'delay') {
      await sleep(fault.ms);
    } else if (fault?.kind === 'rate-limit') {
      send(response, 429, '', { 'retry-after': String(fault.retryAfterS) });
      return;
    } else if (fault?.kind === 'status') {
      send(response, fault.status, 'not now');
      return;
    } else if (fault?.kind === 'reset' && fault.when === 'before') {
      request.socket.destroy();
      return;
    }
    const answer =
      fault?.kind === 'error' ? answerJson(refuse(fault.code)) : await this.#answer(head, name, request, body);
    if (fault?.kind === 'reset') {
      request.socket.destroy();
      return;
    }
    const scopes = method === 'auth.test' ? { 'x-oauth-scopes': this.#api.scopes().join(',') } : {};
    send(response, answer.status, answer.body, { 'content-type': answer.type, ...scopes });
    void rest;
  }

  async #answer(head: string, name: string, request: IncomingMessage, body: Buffer): Promise<Answer> {
    switch (head) {
      case 'api':
        return answerJson(this.#call(name, request, body));
      case 'upload':
        return this.#upload(name, request, body);
      case 'hooks':
        return this.#answerUrl(name, body);
      default:
        return { status: 404, body: 'no such page', type: 'text/plain' };
    }
  }

  #call(method: string, request: IncomingMessage, body: Buffer): Json {
    const form = parseForm(body.toString());
    const args = Object.fromEntries(Object.entries(form).map(([key, value]) => [key, String(value)]));
    this.calls.push({ method, args, atMs: this.#state.now() });
    if (this.calls.length > 2 * CALLS_KEPT) {
      this.calls.splice(0, CALLS_KEPT);
    }
    if (method === 'oauth.v2.access') {
      return this.#oauth.access({ ...args, ...basicOf(request) });
    }
    const token = tokenOf(request);
    const grant = method === 'apps.connections.open' ? undefined : this.#oauth.grantOf(token);
    if (grant === undefined && token !== (method === 'apps.connections.open' ? this.#tokens.app : this.#tokens.bot)) {
      return refuse('invalid_auth');
    }
    const fault = grant === undefined ? this.#tokens.fault : this.#oauth.faultOf(grant);
    if (fault !== undefined) {
      return refuse(fault);
    }
    if (method === 'apps.connections.open') {
      return { ok: true, url: `${this.origin.replace('http', 'ws')}/link/?ticket=${this.#state.id('ticket')}` };
    }
    return this.#api.call({ method, args, baseUrl: this.origin, grant });
  }

  async #upload(key: string, request: IncomingMessage, body: Buffer): Promise<Answer> {
    const file = this.#state.uploads.get(key);
    if (file === undefined) {
      return { status: 404, body: 'no such upload', type: 'text/plain' };
    }
    const type = request.headers['content-type'] ?? '';
    if (type.startsWith('multipart/form-data')) {
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      const part = [...form.values()].find((value) => typeof value !== 'string');
      file.data = part === undefined ? undefined : Buffer.from(await part.arrayBuffer());
    } else {
      file.data = body;
    }
    return { status: 200, body: `OK - ${file.length}`, type: 'text/plain' };
  }

  /** A post to a `response_url`: five within half an hour. */
  #answerUrl(token: string, body: Buffer): Answer {
    const url = this.#state.responseUrls.get(token);
    const post = jsonOf(body.toString());
    const isOver = url === undefined || this.#state.now() - url.madeAtMs >= 30 * 60_000;
    if (isOver || url.posts >= 5) {
      return { status: 404, body: isOver ? 'expired_url' : 'used_url', type: 'text/plain' };
    }
    if (!isJson(post)) {
      return { status: 400, body: 'invalid_payload', type: 'text/plain' };
    }
    const isDeleting = post['delete_original'] === true;
    const fault = isDeleting ? undefined : this.#api.contentFault(stringOf(post['text']), post['blocks'], 40_000);
    if (fault !== undefined) {
      return { status: 400, body: stringOf(fault['error']), type: 'text/plain' };
    }
    url.posts += 1;
    this.#show(url, post, isDeleting);
    return { status: 200, body: 'ok', type: 'text/plain' };
  }

  #show(url: ResponseUrl, post: Json, isDeleting: boolean): void {
    const standing = url.source ?? url.last;
    const message = standing === undefined ? undefined : this.#state.message(url.channel, standing);
    if (isDeleting) {
      if (message !== undefined) {
        this.#state.remove(message);
      }
      return;
    }
    if (post['replace_original'] === true && message !== undefined) {
      this.#state.edit(message, stringOf(post['text']), records(post['blocks']));
      return;
    }
    const added = this.#state.add({
      channel: url.channel,
      text: stringOf(post['text']),
      blocks: records(post['blocks']),
      ...(post['response_type'] === 'in_channel' ? {} : { onlyFor: url.user }),
    });
    url.last = added.ts;
  }

  /** Files are given out to the bot's token alone; everybody else is sent to the login. */
  #serveFile(request: IncomingMessage, response: ServerResponse, id: string): void {
    const file = this.#state.files.get(id);
    if (tokenOf(request) !== this.#tokens.bot && this.#oauth.grantOf(tokenOf(request)) === undefined) {
      send(response, 302, '', { location: `${this.origin}/login` });
    } else if (file?.data === undefined) {
      send(response, 404, '');
    } else {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(file.data);
    }
  }
}

function tokenOf(request: IncomingMessage): string {
  return (request.headers.authorization ?? '').replace(/^Bearer /, '');
}

/** The client's id and secret may come as HTTP's own. */
function basicOf(request: IncomingMessage): Readonly<Record<string, string>> {
  const [, words] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
  const [id, secret] = Buffer.from(words ?? '', 'base64')
    .toString()
    .split(':');
  return words === undefined ? {} : { client_id: id ?? '', client_secret: secret ?? '' };
}

type Answer = { readonly status: number; readonly body: string; readonly type: string };

function answerJson(json: Json): Answer {
  return { status: 200, body: JSON.stringify(json), type: 'application/json' };
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, headers);
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer); // an IncomingMessage without encoding gives Buffers
  }
  return Buffer.concat(chunks);
}
