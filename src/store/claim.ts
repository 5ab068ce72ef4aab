/**
 * One bot per data folder. Whoever starts listens on a socket of its own in the folder and then asks whoever else
 * listens there. The system closes the sockets of a process however that dies, and a socket on which nobody listens is
 * cleared away: nothing goes stale, and no process id or time is trusted. Containers that share the folder see it too.
 *
 * Of several that start at once each listens before it looks, so of any two at least one sees the other. Whose name
 * comes first waits for the other's decision; the other gives way. Knows no store. Machines that share no kernel (a
 * network drive) are not kept apart.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, realpath, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { UserError } from '../core/errors.ts';

export type Release = () => Promise<void>;

/** A live process answers at once; one that is halted never does. */
const ANSWER_MS = 5000;
/** What fits into a socket's address on macOS; Linux has four more. Node cuts off the rest without a word. */
const ADDRESS_BYTES = 103;
const SOCKET = /^bot-[0-9a-f]{16}\.sock$/u;
/** Before it listens, a socket's name has this ending too. */
const UNSHOWN = '.new';
const NAME_BYTES = '/bot-0123456789abcdef.sock'.length + UNSHOWN.length;
const HELD = 'held';

/**
 * Has the folder, which must be there, until it is released or the process is gone. Throws `UserError` `store.busy`
 * where another bot has it. `onUnable` is told where the file system holds no sockets: nobody is kept out then.
 */
export async function claimFolder(folder: string, onUnable: (cause: unknown) => void): Promise<Release> {
  const absolute = resolve(folder);
  const lock = new InstanceLock(`process ${process.pid} on ${hostname()}`);
  try {
    const holder = process.platform === 'win32' ? await byPipe(lock, absolute) : await bySocket(lock, absolute);
    if (holder !== undefined) {
      throw busy(folder, holder);
    }
  } catch (error) {
    await lock.close();
    if (error instanceof UserError) {
      throw error;
    }
    onUnable(error);
    return () => Promise.resolve();
  }
  lock.hold();
  return () => lock.close();
}

/** Who has the folder; undefined: the lock is the only one. */
async function bySocket(lock: InstanceLock, folder: string): Promise<string | undefined> {
  const own = `bot-${randomBytes(8).toString('hex')}.sock`;
  return withShortPath(folder, async (short) => {
    // Shown under its name only once it listens: what is shown and does not is a dead one's.
    await lock.listen(join(short, own + UNSHOWN));
    lock.path = join(folder, own);
    await rename(lock.path + UNSHOWN, lock.path);
    const others = (await readdir(folder)).filter((name) => SOCKET.test(name) && name !== own);
    const answers = await Promise.all(others.map(async (name) => ask(join(short, name), name < own)));
    return answers.find((who) => who !== undefined);
  });
}

/** A pipe of Windows is no file: it is gone with its process, and there is one of a name. */
async function byPipe(lock: InstanceLock, folder: string): Promise<string | undefined> {
  const name = createHash('sha256')
    .update((await realpath(folder)).toLowerCase())
    .digest('hex');
  const pipe = `\\\\.\\pipe\\fourstep-${name}`;
  try {
    await lock.listen(pipe);
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') {
      throw error;
    }
    return (await ask(pipe, true)) ?? SILENT;
  }
}

/** Answers who it is, and that it has the folder once it does; hangs up where it gave way. */
class InstanceLock {
  /** The socket's file, once there is one. */
  path: string | undefined;
  readonly #who: string;
  readonly #server: Server;
  readonly #callers = new Set<Socket>();
  #isHeld = false;

  constructor(who: string) {
    this.#who = who;
    this.#server = createServer((caller) => {
      this.#callers.add(caller);
      caller.on('close', () => this.#callers.delete(caller));
      caller.on('error', () => undefined); // it hung up, and a 'close' follows
      caller.write(`${this.#who}\n`);
      if (this.#isHeld) {
        caller.end(HELD);
      }
    });
  }

  async listen(path: string): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail);
      // Another user's bot has to be able to ask.
      this.#server.listen({ path, readableAll: true, writableAll: true }, done);
    });
    // A caller that could not be let in sees somebody listen all the same.
    this.#server.on('error', () => undefined);
    this.#server.unref();
  }

  hold(): void {
    this.#isHeld = true;
    this.#callers.forEach((caller) => caller.end(HELD));
  }

  async close(): Promise<void> {
    this.#callers.forEach((caller) => caller.destroy());
    if (this.#server.listening) {
      await new Promise((done) => this.#server.close(done));
    }
    if (this.path !== undefined) {
      await rm(this.path, { force: true });
      await rm(this.path + UNSHOWN, { force: true });
    }
  }
}

const SILENT = 'a process that does not answer';
/** The process went away while it was asked. */
const LEFT = ['ENOENT', 'ECONNRESET', 'EPIPE'];

/**
 * Who has the folder there. Undefined: nobody listens, or it gave way. Way is given to one that comes `first` even where
 * it has not decided yet.
 */
async function ask(path: string, isFirst: boolean): Promise<string | undefined> {
  const caller = connect(path).setEncoding('utf8');
  try {
    return await new Promise<string | undefined>((answer, fail) => {
      let heard = '';
      caller.on('data', (text: string) => {
        heard += text;
        const [who, state] = heard.split('\n');
        if (state === HELD || (isFirst && state !== undefined)) {
          answer(who);
        }
      });
      caller.setTimeout(ANSWER_MS, () => answer(heard === '' ? SILENT : heard.trim()));
      caller.on('end', () => answer(undefined));
      caller.on('error', fail);
    });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ECONNREFUSED') {
      // Where it may not be deleted, it stands in nobody's way either.
      await rm(path, { force: true }).catch(() => undefined);
      return undefined;
    }
    return LEFT.includes(code) ? undefined : SILENT;
  } finally {
    caller.destroy();
  }
}

/** Gives `use` a path to the folder that leaves room for a socket's name. */
async function withShortPath<Result>(folder: string, use: (short: string) => Promise<Result>): Promise<Result> {
  if (isShort(folder)) {
    return await use(folder);
  }
  const beside = await mkdtemp(join(tmpdir(), 'fourstep-'));
  const link = join(beside, 'data');
  try {
    await symlink(folder, link);
    if (!isShort(link)) {
      throw new Error(`expected a short path to ${folder}, came ${link}`);
    }
    return await use(link);
  } finally {
    await rm(link, { force: true });
    await rmdir(beside);
  }
}

function isShort(folder: string): boolean {
  return Buffer.byteLength(folder) + NAME_BYTES <= ADDRESS_BYTES;
}

function busy(folder: string, holder: string): UserError {
  return new UserError(
    'store.busy',
    `Expected to be the only bot on ${folder}, but another one (${holder}) has it. Stop that one first (it may still be finishing pictures), or set FOURSTEP_DATA to another folder.`,
    { params: { folder, holder } },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
