/**
 * Words that lie on a disk and only the holder of `SECRET_KEY` can read: AES-256-GCM, a key by scrypt, a nonce of its own
 * each time. What is sealed for one name does not open under another, so that records cannot be exchanged.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The secret is long by rule; this keeps one that people made up from being guessed quickly. */
const SALT = 'fourstep slack installations';

export class Sealing {
  readonly #key: Buffer;

  constructor(secret: string) {
    this.#key = scryptSync(secret, SALT, 32);
  }

  seal(words: string, name: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    cipher.setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(words, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
  }

  /** Undefined for what was sealed with another key, for another name, or is damaged. */
  open(sealed: string, name: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) {
      return undefined;
    }
    const tagEnd = NONCE_BYTES + TAG_BYTES;
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, tagEnd));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }
}
