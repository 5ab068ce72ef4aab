/**
 * Children that open strangers' pictures: at most two at a time, each with bounds on memory and time, kept warm for a
 * while and replaced when one has ended. A picture that breaks its child breaks nothing else. Knows no formats.
 */
import { fork, type ChildProcess } from 'node:child_process';

import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';
import type { DecodeAnswer, DecodeOrder } from './decode-child.ts';
import type { OpenOptions } from './pixels.ts';
import { unreadablePicture } from './picture-header.ts';

export type DecodeLimits = {
  /** Of the child, with everything it loads (about 90 MB). */
  readonly maxResidentBytes: number;
  readonly maxMs: number;
  readonly maxChildren: number;
  /** A child without work ends after so long. */
  readonly idleMs: number;
};

export const DECODE_LIMITS: DecodeLimits = {
  // 50 megapixels are 200 MB as RGBA; progressive JPEG and AVIF hold a few times that.
  maxResidentBytes: 1024 * 1_048_576,
  maxMs: 20_000,
  maxChildren: 2,
  idleMs: 30_000,
};

/** Resolves to what it is handed, or throws `UserError` `image.unreadable`, `image.costly`. */
export class DecodeProcesses {
  readonly #limits: DecodeLimits;
  readonly #idle: ChildProcess[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(limits: Partial<DecodeLimits> = {}) {
    this.#limits = { ...DECODE_LIMITS, ...limits };
  }

  async decode(bytes: Uint8Array, options: OpenOptions = {}): Promise<Picture> {
    if (this.#busy >= this.#limits.maxChildren) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#busy += 1;
    }
    try {
      return await this.#decodeIn(this.#idle.pop() ?? spawn(), bytes, options);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#busy -= 1;
      } else {
        next(); // the place goes on to whoever waits
      }
    }
  }

  #decodeIn(child: ChildProcess, bytes: Uint8Array, options: OpenOptions): Promise<Picture> {
    const { maxMs, maxResidentBytes } = this.#limits;
    return new Promise<Picture>((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        child.on('error', () => undefined); // a late one has nobody left to tell
        settle();
      };
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        end(() => reject(costlyPicture()));
      }, maxMs);
      child.once('message', (answer: DecodeAnswer) =>
        end(() => {
          this.#keep(child);
          if (answer.kind === 'picture') {
            const { kind: _, ...picture } = answer;
            resolve(picture);
          } else {
            reject(unreadablePicture(new Error(answer.reason)));
          }
        }),
      );
      child.once('error', (cause) => end(() => reject(new Error('the child that opens pictures failed', { cause }))));
      child.once('exit', () => end(() => reject(costlyPicture())));
      hold(child);
      const order: DecodeOrder = { ...options, bytes, maxResidentBytes };
      child.send(order, (error) => {
        if (error !== null) {
          child.kill('SIGKILL'); // its exit is where it is dealt with
        }
      });
    });
  }

  /** Keeps it warm, without keeping this process alive for it. */
  #keep(child: ChildProcess): void {
    this.#idle.push(child);
    const forget = (): void => {
      clearTimeout(timer);
      const at = this.#idle.indexOf(child);
      if (at >= 0) {
        this.#idle.splice(at, 1);
      }
    };
    const timer = setTimeout(() => {
      forget();
      child.kill('SIGKILL');
    }, this.#limits.idleMs);
    timer.unref();
    child.once('exit', forget);
    letGo(child);
  }
}

function costlyPicture(): UserError {
  return new UserError(
    'image.costly',
    'This picture takes more memory or time to open than is allowed here. Save it anew in a picture program, or send a smaller one.',
  );
}

function spawn(): ChildProcess {
  // Beside this file, with its ending: `.ts` from sources, `.js` once compiled.
  const program = new URL(`./decode-child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
  return fork(program, { serialization: 'advanced', env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

function hold(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}
