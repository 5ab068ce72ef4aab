/**
 * Calls of a model's nets on a device as drawing makes them: UNet rows in no style, in one, and each in its own; prompts;
 * finished latents. Counts of rows end where the device has no room for more.
 */
import path from 'node:path';

import type { LatentSize, UNetRow } from '../../engine/model/denoiser.ts';
import type { Model } from '../../engine/model/model.ts';
import { plainText } from '../../engine/model/prompt-encoder.ts';
import { NO_STYLE, targetsOf, type StyleSet } from '../../engine/model/style-set.ts';
import { unetLoraTargets } from '../../engine/nets/index.ts';
import type { DeviceMemory } from '../../engine/ort/index.ts';
import { TorchGenerator } from '../../engine/sampling/index.ts';
import { writeRandomStyle } from '../bench-unet/random-styles.ts';
import type { FirstCall } from './torch.ts';
import type { CallFigures, Failure, Figures, Styling } from './report.ts';
import { timesOf, type Measuring, type Timing } from './timing.ts';

export type Measured = Measuring & { readonly model: Model; readonly memory: DeviceMemory; readonly size: LatentSize };

/** As many as may share a call on a busy evening; rows beyond them begin anew. */
const STYLES = 8;
const RANK = 16;
const TIMESTEP = 759;
const MOST_DECODES = 8;

/** Writes the styles into `folder`. */
export async function randomStyles(model: Model, folder: string): Promise<readonly StyleSet[]> {
  const targets = targetsOf('transformers', unetLoraTargets(model.unet.config));
  const styles: StyleSet[] = [];
  for (let k = 0; k < STYLES; k++) {
    const file = path.join(folder, `style-${k}.safetensors`);
    await writeRandomStyle(file, targets, RANK, k);
    styles.push(await model.styles.prepare([{ id: `${k}`, file, weight: 1 }]));
  }
  return styles;
}

export async function firstCall({ model, size }: Pick<Measured, 'model' | 'size'>): Promise<FirstCall> {
  const [row] = await rowsOf({ model, size }, [NO_STYLE]);
  if (row === undefined) {
    throw new Error('Expected a row.');
  }
  const sample = new Float32Array(size.channels * size.height * size.width);
  row.writeInput(sample);
  const output = (await model.predict([row], size)).slice();
  return { sample, ...row.conditioning, output, timestep: TIMESTEP };
}

export async function unetCalls(
  measured: Measured,
  styling: Styling,
  styles: readonly StyleSet[],
): Promise<readonly Figures[]> {
  const { model, size } = measured;
  return byRows(measured, `UNet, ${styling}`, async (count) => {
    let turn = 0;
    const styleOf = (k: number): StyleSet => {
      const mixed = styles[(k + (styling === 'changing' ? turn : 0)) % styles.length];
      return styling === 'plain' ? NO_STYLE : ((styling === 'same' ? styles[0] : mixed) ?? NO_STYLE);
    };
    const rows = await rowsOf(
      measured,
      Array.from({ length: count }, () => NO_STYLE),
    );
    return async () => {
      turn += 1;
      await model.predict(
        rows.map((row, k) => ({ ...row, styles: styleOf(k) })),
        size,
      );
    };
  });
}

export async function decoderCalls(measured: Measured, decoder: 'full' | 'tiny'): Promise<readonly Figures[]> {
  const { model, size } = measured;
  const few = { ...measured, rows: measured.rows.filter((rows) => rows <= MOST_DECODES) };
  return byRows(few, `decoder, ${decoder}`, async (count) => {
    const latents = Array.from({ length: count }, (_, k) => latentsOf(size, k));
    return () => model.decode(latents, size, { decoder });
  });
}

/** Prompts that nobody asked for yet, for encoded ones are kept. */
export async function textCalls({ model, isOver, say, enoughMs }: Measured): Promise<Timing | Failure | undefined> {
  if (isOver('text')) {
    return undefined;
  }
  say('text …');
  let asked = 0;
  try {
    return await timesOf(
      () => model.prompts.encode(plainText(`a fox, number ${asked++}, at dusk`), NO_STYLE),
      enoughMs,
    );
  } catch (error) {
    return failure(1, error);
  }
}

async function byRows(
  { rows, memory, isOver, say, enoughMs }: Measured,
  what: string,
  prepare: (count: number) => Promise<() => Promise<unknown>>,
): Promise<readonly Figures[]> {
  const figures: Figures[] = [];
  let msOfRow = 0;
  for (const count of rows) {
    // At least twice.
    if (isOver(`${what}, ${count} rows`, 2 * count * msOfRow)) {
      break;
    }
    say(`${what}: ${count} rows …`);
    try {
      const measured = await figuresOf(count, memory, await prepare(count), enoughMs);
      figures.push(measured);
      say(`  ${measured.medianMs.toFixed(1)} ms, the first ${measured.firstMs.toFixed(0)} ms`); // a provider may end the process
      msOfRow = measured.medianMs / count;
    } catch (error) {
      figures.push(failure(count, error));
      break;
    }
  }
  return figures;
}

/** What was sent is counted over the calls after the first, which may send what stays. */
async function figuresOf(
  rows: number,
  memory: DeviceMemory,
  call: () => Promise<unknown>,
  enoughMs: number,
): Promise<CallFigures> {
  let calls = 0;
  let before = 0;
  const timing = await timesOf(async () => {
    before = calls === 1 ? memory.uploadedBytes : before;
    calls += 1;
    await call();
  }, enoughMs);
  return { rows, ...timing, uploadedBytes: (memory.uploadedBytes - before) / timing.runs };
}

export function failure(rows: number, error: unknown): Failure {
  return { rows, error: error instanceof Error ? error.message.slice(0, 300) : String(error) };
}

async function rowsOf(
  { model, size }: Pick<Measured, 'model' | 'size'>,
  styles: readonly StyleSet[],
): Promise<readonly UNetRow[]> {
  const { conditioning } = await model.prompts.encode(plainText('a fox at dusk'), NO_STYLE);
  return styles.map((style, k) => {
    const latents = latentsOf(size, k);
    const writeInput = (target: Float32Array): void => target.set(latents);
    return { timestep: TIMESTEP, writeInput, conditioning, guidance: 1, styles: style };
  });
}

function latentsOf({ channels, height, width }: LatentSize, seed: number): Float32Array {
  return new TorchGenerator(seed).randn(channels * height * width);
}
