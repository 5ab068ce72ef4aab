/** Slack's end of Socket Mode: hello, envelopes and their acknowledgements, pings, and the ways in which it goes away. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { type WebSocket, WebSocketServer } from 'ws';

import { isJson, type Json, jsonOf, stringOf } from './json.ts';
import { APP } from './state.ts';

const PING_MS = 5000;

export class SocketEnd {
  readonly #server = new WebSocketServer({ noServer: true, autoPong: true });
  readonly #open = new Set<WebSocket>();
  /** Envelopes in flight; one that is sent twice is acknowledged twice. */
  readonly #awaited = new Map<string, ((payload: Json) => void)[]>();
  #arrivals: (() => void)[] = [];
  readonly #onChange: () => void;
  /** How many sockets were ever opened. */
  opened = 0;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  accept(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, connection, head, (socket) => {
      this.opened += 1;
      socket.on('message', (data: Buffer) => {
        this.#hear(data.toString());
      });
      const pings = setInterval(() => {
        socket.ping();
      }, PING_MS);
      socket.on('close', () => {
        clearInterval(pings);
        this.#open.delete(socket);
        this.#onChange();
      });
      socket.on('error', () => this.#open.delete(socket));
      socket.send(
        JSON.stringify({ type: 'hello', num_connections: this.#open.size + 1, connection_info: { app_id: APP } }),
      );
      socket.ping();
      this.#open.add(socket);
      this.#onChange();
      for (const arrived of this.#arrivals.splice(0)) {
        arrived();
      }
    });
  }

  /** Resolves when a socket is open. */
  async whenOpen(): Promise<void> {
    if (!this.isOpen) {
      await new Promise<void>((resolve) => this.#arrivals.push(resolve));
    }
  }

  /** Sends an envelope through any one socket; `onAck` gets what the app acknowledges with. */
  send(type: string, envelopeId: string, payload: Json, onAck: (payload: Json) => void): void {
    const [socket] = this.#open;
    if (socket === undefined) {
      throw new Error('the app has no open socket: Slack would drop this delivery');
    }
    this.#awaited.set(envelopeId, [...(this.#awaited.get(envelopeId) ?? []), onAck]);
    socket.send(JSON.stringify({ type, envelope_id: envelopeId, accepts_response_payload: true, payload }));
  }

  /** Slack's patience is over: a later acknowledgement is for another delivery of the envelope. */
  giveUp(envelopeId: string, onAck: (payload: Json) => void): void {
    this.#awaited.set(
      envelopeId,
      (this.#awaited.get(envelopeId) ?? []).filter((waiting) => waiting !== onAck),
    );
  }

  /** Says goodbye as Slack does when it recycles a connection; the client is to open another. */
  refresh(): void {
    for (const socket of this.#open) {
      socket.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }));
    }
  }

  /** The network goes away without a word. */
  dropAll(): void {
    for (const socket of this.#open) {
      socket.terminate();
    }
    this.#open.clear();
  }

  #hear(text: string): void {
    const message = jsonOf(text);
    if (isJson(message)) {
      const payload = message['payload'];
      this.#awaited.get(stringOf(message['envelope_id']))?.shift()?.(isJson(payload) ? payload : {});
    }
  }
}
