/**
 * A UNet of somebody else's program (OpenVINO, by peer.py and the Python that is given) over the same weights: call by
 * call through its pipes. Knows no model and draws nothing.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { packageFolder } from '../../../config/paths.ts';
import { UserError } from '../../core/errors.ts';
import type { Feeds } from '../../engine/ort/index.ts';
import { type TensorSource, writeSafetensors } from '../../engine/weights/index.ts';

/** What it computes in; 8 bits by NNCF, calibrated on the calls that were made in fp32 before. */
export const PEER_FORMS = ['fp32', 'bf16', 'int8'] as const;
export type PeerForm = (typeof PEER_FORMS)[number];

export type Peer = {
  /** One call at a time. Throws `UserError` `quantize.python`. */
  readonly call: (form: PeerForm, feeds: Feeds) => Promise<Float32Array<ArrayBuffer>>;
  readonly close: () => Promise<void>;
};

type PeerNet = {
  readonly python: string;
  /** The net's config.json, as diffusers has it. */
  readonly config: string;
  readonly weights: TensorSource;
  /** Existing: its weights are written there. */
  readonly folder: string;
};

export async function openPeer({ python, config, weights, folder }: PeerNet): Promise<Peer> {
  const file = join(folder, 'unet.safetensors');
  await writeAsFloats(file, weights);
  const child = spawn(python, [join(packageFolder, 'src/tools/quantize/peer.py'), config, file]);
  const closed = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-2000);
  });
  // A pipe whose reader died says so here too; that it died is what its answer's absence tells.
  child.stdin.on('error', () => {});
  child.on('error', (error) => {
    said = error.message;
  });
  const answers = chunks(child.stdout);
  return {
    call: async (form, feeds) => {
      const entries = Object.entries(feeds);
      const inputs = Object.fromEntries(entries.map(([name, { shape }]) => [name, shape]));
      child.stdin.write(`${JSON.stringify({ form, inputs })}\n`);
      for (const [, { data }] of entries) {
        child.stdin.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
      }
      const answer = await readAnswer(answers);
      if (answer === undefined) {
        await closed; // its last words come first
        const reason = said.trim().split('\n').at(-1);
        throw new UserError(
          'quantize.python',
          `Expected ${python} to run the UNet in OpenVINO, but it failed (${reason}). Install it there (pip install torch diffusers openvino nncf), or leave --python out.`,
        );
      }
      return answer;
    },
    close: async () => {
      child.stdin.end();
      await closed;
    },
  };
}

async function writeAsFloats(file: string, weights: TensorSource): Promise<void> {
  const tensors = weights.names.flatMap((name) => {
    const shape = weights.get(name)?.shape;
    const parts = async function* parts() {
      const { buffer } = await weights.readFloats(name);
      yield new Uint8Array(buffer);
    };
    return shape === undefined ? [] : [{ name, dtype: 'F32' as const, shape, parts }];
  });
  await writeSafetensors(file, tensors);
}

type Answers = { readonly next: () => Promise<Buffer | undefined>; rest: Buffer };

function chunks(stream: AsyncIterable<Buffer>): Answers {
  const iterator = stream[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done === true ? undefined : value;
    },
    rest: Buffer.alloc(0),
  };
}

/** A line with the count of bytes, and these; undefined: the other side has ended. */
async function readAnswer(answers: Answers): Promise<Float32Array<ArrayBuffer> | undefined> {
  for (;;) {
    const line = answers.rest.indexOf('\n');
    const count = line === -1 ? Number.POSITIVE_INFINITY : Number(answers.rest.subarray(0, line).toString());
    if (answers.rest.length >= line + 1 + count) {
      const bytes = Uint8Array.from(answers.rest.subarray(line + 1, line + 1 + count));
      answers.rest = answers.rest.subarray(line + 1 + count);
      return new Float32Array(bytes.buffer);
    }
    const more = await answers.next();
    if (more === undefined) {
      return undefined;
    }
    answers.rest = Buffer.concat([answers.rest, more]);
  }
}
