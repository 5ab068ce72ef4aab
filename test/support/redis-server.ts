/** A Redis of a test's own that can be killed and started again on the same data. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

export class RedisServer {
  readonly #folder: string;
  readonly #port: number;
  readonly #isForgetful: boolean;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, isForgetful: boolean) {
    this.#folder = folder;
    this.#port = port;
    this.#isForgetful = isForgetful;
  }

  /** `isForgetful`: it writes nothing down; else everything, before it answers. */
  static async start({ isForgetful }: { readonly isForgetful: boolean }): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'fourstep-redis-'));
    const server = new RedisServer(folder, await freePort(), isForgetful);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Resolves once it listens. */
  async start(): Promise<void> {
    const log = this.#isForgetful ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', 'always'];
    const where = ['--port', String(this.#port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''];
    this.#process = spawn('redis-server', [...where, ...log], { stdio: 'ignore' });
    for (let tries = 0; !(await listens(this.#port)); tries++) {
      if (tries > 600 || this.#process.exitCode !== null) {
        throw new Error('redis-server does not begin');
      }
      await pause(50);
    }
  }

  /** SIGKILL: it has no time to write anything down. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running !== undefined && running.exitCode === null) {
      const gone = once(running, 'exit');
      running.kill('SIGKILL');
      await gone;
    }
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
