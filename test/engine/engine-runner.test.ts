/** The runner in this process with a tiny random model: what it tells, refuses and stops. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelsFolder } from '../../config/paths.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import { CancelledError, StoppedError, UserError } from '../../src/core/errors.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Runner, Work, WorkEvent } from '../../src/core/work.ts';
import { createEngineRunner, type EngineRunnerOptions } from '../../src/engine/engine-runner.ts';
import { eightBitInstructions } from '../../src/engine/ort/index.ts';
import { toLdmVaeName } from '../../src/engine/weights/checkpoint/ldm-vae-names.ts';
import { openSafetensors } from '../../src/engine/weights/index.ts';
import { writeTensors, type NamedTensor } from '../support/safetensors-file.ts';
import { NO_PICTURES } from '../support/no-pictures.ts';
import { writeTinyAlphaHead, writeTinyLora, writeTinyModel, writeTinyUpscaler } from '../support/tiny-model.ts';

let folder = '';
let runner: Runner;

const REQUEST = defaultRequest(
  { id: 'sd15', defaults: { steps: 2, guidance: 1, width: 64, height: 64, scheduler: 'lcm' } },
  'a blue fox',
  { accelerator: { kind: 'none' }, seed: 5 },
);

const MANIFEST = {
  id: 'sd15',
  name: 'Tiny',
  base: 'other',
  defaults: { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm' },
  sizes: [64],
  upscalers: { '2': 'upscaler_2x' },
};

function openRunner(options: Partial<EngineRunnerOptions> = {}): Runner {
  return createEngineRunner({
    ...options,
    locateModel: async (model) => {
      if (model === 'unknown') {
        throw new UserError('model.unknown', 'Expected a model that is there, but unknown is not.');
      }
      return { source: path.join(folder, model) };
    },
    ...NO_PICTURES,
    readPicture: async (_, size) => {
      const { width, height } = size ?? { width: 250, height: 40 };
      return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (__, i) => (i * 7) % 256) };
    },
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    threads: 1,
  });
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-runner-'));
  writeTinyModel('sd15', path.join(folder, 'sd15'));
  writeFileSync(path.join(folder, 'sd15', 'fourstep.json'), JSON.stringify(MANIFEST));
  writeTinyUpscaler(path.join(folder, 'sd15', 'upscaler_2x'));
  writeTinyLora('sd15', { name: 'ink', targets: ['to_q'], rank: 2, alpha: 2 }, path.join(folder, 'ink.safetensors'));
  runner = openRunner();
});

afterAll(async () => {
  await runner.close(0);
  rmSync(folder, { recursive: true, force: true });
});

function imagine(
  changes: Partial<GenerationRequest>,
  previewAfter: readonly number[] = [],
): Extract<Work, { kind: 'imagine' }> {
  return { kind: 'imagine', id: 'test', request: { ...REQUEST, ...changes }, previewAfter };
}

async function eventsOf(
  work: Work,
  { signal = new AbortController().signal, on = runner, onEvent = () => {} }: EventsOptions = {},
): Promise<readonly WorkEvent[]> {
  const events: WorkEvent[] = [];
  for await (const event of on.run(work, signal)) {
    events.push(event);
    onEvent(event);
  }
  return events;
}

type EventsOptions = {
  readonly signal?: AbortSignal;
  readonly on?: Runner;
  readonly onEvent?: (event: WorkEvent) => void;
};

function label(event: WorkEvent): string {
  switch (event.kind) {
    case 'started':
      return 'started';
    case 'step':
      return `step ${event.index} ${event.step}/${event.steps}`;
    case 'preview':
      return `preview ${event.index} ${event.picture.width}`;
    case 'picture':
      return `picture ${event.index} seed ${event.seed} ${event.picture.width}x${event.picture.height}`;
    case 'notice':
      return `notice ${event.code}`;
    case 'preparing':
    case 'learning':
    case 'learnt':
      return event.kind;
    default:
      return event satisfies never;
  }
}

describe('the engine as a runner', () => {
  it('tells a work from its start over steps and previews to its last picture', async () => {
    const events = await eventsOf(imagine({ count: 2 }, [1]));
    expect(events.map(label)).toEqual([
      'started',
      'step 0 1/2',
      'preview 0 64',
      'step 0 2/2',
      'picture 0 seed 5 64x64',
      'step 1 1/2',
      'preview 1 64',
      'step 1 2/2',
      'picture 1 seed 6 64x64',
    ]);
  });

  it('gives pictures that are to be transparent their alpha, where the model has a net for it', async () => {
    const clear = path.join(folder, 'clear');
    cpSync(path.join(folder, 'sd15'), clear, { recursive: true });
    writeFileSync(path.join(clear, 'fourstep.json'), JSON.stringify({ ...MANIFEST, alphaHead: 'alpha-head' }));
    writeTinyAlphaHead(path.join(clear, 'alpha-head'));
    const draw = async (changes: Partial<GenerationRequest>) => {
      const event = (await eventsOf(imagine({ steps: 1, ...changes }))).at(-1);
      return event?.kind === 'picture' ? event.picture : undefined;
    };
    const [solid, transparent] = [await draw({ model: 'clear' }), await draw({ model: 'clear', alpha: true })];
    expect(solid?.alpha).toBeUndefined();
    expect(transparent?.alpha).toHaveLength(64 * 64);
    expect(transparent?.data).toEqual(solid?.data);
    expect((await draw({ alpha: true }))?.alpha).toBeUndefined();
    rmSync(path.join(clear, 'alpha-head'), { recursive: true });
    const on = openRunner();
    try {
      expect((await eventsOf(imagine({ model: 'clear' }), { on })).at(-1)).toMatchObject({ kind: 'picture' });
      const told: string[] = [];
      const onEvent = ({ kind }: WorkEvent) => void told.push(kind);
      const drawing = eventsOf(imagine({ model: 'clear', alpha: true }), { on, onEvent });
      await expect(drawing).rejects.toMatchObject({ code: 'model.files' });
      expect(told).toEqual(['started']); // said before anything is drawn
    } finally {
      await on.close(0);
    }
  });

  it.skipIf(eightBitInstructions() === undefined)(
    'draws in 8 bits nearly what it draws in fp32, with a style too',
    async () => {
      const draw = async (changes: Partial<GenerationRequest>) => pixels((await eventsOf(imagine(changes))).at(-1));
      const styles = [{ id: 'ink', file: path.join(folder, 'ink.safetensors'), weight: 1 }];
      const [exact, near] = [await draw({}), await draw({ precision: 'int8' })];
      expect(near).not.toEqual(exact);
      expect(distance(near, exact)).toBeLessThan(4);
      expect(distance(await draw({ precision: 'int8', styles }), await draw({ styles }))).toBeLessThan(4);
      expect(await draw({ precision: 'int8' })).toEqual(near);
    },
  );

  it('refuses 8 bits where the processor has no instructions for them', async () => {
    const on = openRunner({ drawsEightBits: false });
    try {
      await expect(eventsOf(imagine({ precision: 'int8' }), { on })).rejects.toMatchObject({
        code: 'device.eight-bits',
      });
      expect((await eventsOf(imagine({}), { on })).at(-1)).toMatchObject({ kind: 'picture' });
    } finally {
      await on.close(0);
    }
  });

  it('says what was cut from a prompt that is too long', async () => {
    const events = await eventsOf(imagine({ prompt: `${'fox '.repeat(90)}cat`, steps: 1 }));
    const notice = events.find(({ kind }) => kind === 'notice');
    expect(notice).toMatchObject({ code: 'prompt.cut', params: { which: 'prompt' } });
    expect(label(events.at(-1)!)).toBe('picture 0 seed 5 64x64');
  });

  it('draws with a style, and not with one at weight 0', async () => {
    const lora = { id: 'ink', file: path.join(folder, 'ink.safetensors'), weight: 1 };
    const draw = async (styles: GenerationRequest['styles']) => (await eventsOf(imagine({ steps: 1, styles }))).at(-1);
    const [plain, styled, off] = [await draw([]), await draw([lora]), await draw([{ ...lora, weight: 0 }])];
    expect(pixels(styled)).not.toEqual(pixels(plain));
    expect(pixels(off)).toEqual(pixels(plain));
  });

  it('draws a mix that is still moving as it draws the settled one, up to rounding', async () => {
    const ink = path.join(folder, 'ink.safetensors');
    const wash = path.join(folder, 'wash.safetensors');
    writeTinyLora('sd15', { name: 'wash', targets: ['to_q', 'proj_in', 'conv1'], rank: 6, alpha: 3 }, wash);
    const draw = async (live: 'draft' | undefined, styles: GenerationRequest['styles']) =>
      pixels((await eventsOf({ ...imagine({ steps: 1, styles }), live })).at(-1))!;
    const mix = (weight: number) => [
      { id: 'ink', file: ink, weight },
      { id: 'wash', file: wash, weight: 1 - weight },
    ];
    const [plain, settled] = [await draw(undefined, []), await draw(undefined, mix(0.3))];
    const farthest = (a: Uint8Array, b: Uint8Array) => Math.max(...a.map((value, at) => Math.abs(value - b[at]!)));
    for (const weight of [0.9, 0.3]) {
      const moving = await draw('draft', mix(weight));
      expect(farthest(moving, plain)).toBeGreaterThan(2);
      // Other operators in another order: one step of 255 where a value lies between two.
      expect(farthest(moving, weight === 0.3 ? settled : await draw(undefined, mix(weight)))).toBeLessThanOrEqual(1);
    }
  });

  it('lets a style speak to the text encoder alone', async () => {
    const file = path.join(folder, 'voice.safetensors');
    writeTinyLora('sd15', { name: 'voice', targets: ['q_proj', 'fc1'], rank: 2, alpha: 2 }, file);
    const styles = [{ id: 'voice', file, weight: 1 }];
    const [plain, styled] = [await eventsOf(imagine({ steps: 1 })), await eventsOf(imagine({ steps: 1, styles }))];
    expect(pixels(styled.at(-1))).not.toEqual(pixels(plain.at(-1)));
  });

  it('draws another picture at another strength of the one to start from', async () => {
    const [weak, strong] = [
      await eventsOf(imagine({ init: { file: 'any', strength: 0.1 } })),
      await eventsOf(imagine({ init: { file: 'any', strength: 1 } })),
    ];
    expect(label(weak.at(-1)!)).toBe('picture 0 seed 5 64x64');
    expect(pixels(weak.at(-1))).not.toEqual(pixels(strong.at(-1)));
  });

  it.each([
    [{ steps: 0 }, 'request.steps', 'Expected a whole number of 1 to 150 for steps, but got 0'],
    [{ steps: 60 }, 'request.steps', 'the LCM schedule has 50'],
    [{ seed: -1 }, 'request.seed', 'but got -1'],
    [{ seed: 0.5 }, 'request.seed', 'but got 0.5'],
    [{ count: 17 }, 'request.count', 'Expected a whole number of 1 to 16'],
    [{ guidance: Number.NaN }, 'request.guidance', 'but got NaN'],
    [{ width: 100 }, 'request.width', 'multiple of 8 pixels, but got 100; the nearest is 104'],
    [{ height: 4096 }, 'request.height', '64 to 2048 pixels'],
    [{ init: { file: 'any', strength: 0 } }, 'request.strength', 'but got 0'],
    [{ recipe: { scheduler: 'ddim' }, init: { file: 'any', strength: 0.2 } }, 'request.strength', 'leave none'],
    [
      { styles: [{ id: 'ink', file: 'ink.safetensors', weight: 99 }] },
      'request.weight',
      'for the style ink, but got 99',
    ],
    [{ model: 'unknown' }, 'model.unknown', 'unknown is not'],
    [{ model: 'nowhere' }, 'model.missing', 'no such folder'],
    [{ decoder: 'tiny' }, 'model.tiny-vae', 'Expected a tiny decoder for '],
    [{ accelerator: { kind: 'file', file: '/a', weight: 11 } }, 'request.weight', 'for the accelerator'],
    [{ variation: { seed: 1, amount: 1.5 } }, 'request.variation', 'variation of 0 to 1'],
    [{ mask: { file: '/a' } }, 'request.mask-alone', 'together with a picture'],
    [{ extend: { left: 8, top: 0, right: 0, bottom: 0 } }, 'request.not-yet', 'extending a picture'],
    [{ accelerator: { kind: 'file', file: '/nowhere/lcm.safetensors' } }, 'lora.missing', '/nowhere/lcm.safetensors'],
    [{ styles: [{ id: 'ink', file: '/nowhere/ink.safetensors', weight: 1 }] }, 'weights.missing', 'ink.safetensors'],
  ] as const)('refuses %o with %s', async (changes, code, sentence) => {
    const drawing = eventsOf(imagine(changes));
    await expect(drawing).rejects.toThrow(sentence);
    await expect(drawing).rejects.toMatchObject({ name: 'UserError', code });
  });

  it('draws through another VAE: a folder, a model that has one, a file of weights in either spelling', async () => {
    const vae = path.join(folder, 'sd15', 'vae');
    const own = pixels((await eventsOf(imagine({}))).at(-1));
    const tiny = path.join(folder, 'taesd');
    writeTinyModel('taesd', tiny);
    const file = path.join(vae, 'diffusion_pytorch_model.safetensors');
    const ldm = path.join(folder, 'ldm-vae.safetensors');
    await writeLdmVae(file, ldm);
    const drawn: (Uint8Array | undefined)[] = [];
    for (const location of [vae, path.join(folder, 'sd15'), file, ldm, path.join(tiny, 'vae')]) {
      drawn.push(pixels((await eventsOf(imagine({ vae: location }))).at(-1)));
    }
    expect(drawn.slice(0, 4)).toEqual([own, own, own, own]);
    expect(drawn[4]?.length).toBe(own?.length);
    expect(drawn[4]).not.toEqual(own);
  });

  it('starts from a picture with a VAE that has no randomness', async () => {
    const init = { file: 'any', strength: 0.5 };
    const events = await eventsOf(imagine({ vae: path.join(folder, 'taesd'), init }));
    expect(label(events.at(-1)!)).toBe('picture 0 seed 5 64x64');
  });

  it.each(['/nowhere/vae.safetensors', 'ink'])('refuses %s as a VAE', async (name) => {
    const location = name === 'ink' ? path.join(folder, 'ink.safetensors') : name;
    await expect(eventsOf(imagine({ vae: location }))).rejects.toMatchObject({ code: 'model.vae' });
  });

  it.each([
    [5, 'depth models'],
    [7, 'upscaling models'],
    [8, 'models that edit by instruction'],
    [13, 'models that are given a picture'],
  ])('refuses a UNet of %i channels as one of %s', async (channels, kind) => {
    const model = `channels-${channels}`;
    mkdirSync(path.join(folder, model), { recursive: true });
    writeTinyModel('sd15', path.join(folder, model), { unet: { in_channels: channels } });
    const drawing = eventsOf(imagine({ model }));
    await expect(drawing).rejects.toMatchObject({ code: 'model.channels' });
    await expect(drawing).rejects.toThrow(kind);
  });

  it('stops at the next step when it is cancelled', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const drawing = eventsOf(imagine({ steps: 50 }), {
      signal: controller.signal,
      onEvent: (event) => {
        seen.push(label(event));
        controller.abort();
      },
    });
    await expect(drawing).rejects.toBeInstanceOf(CancelledError);
    expect(seen.length).toBeLessThan(5);
    expect(runner.health()[0]?.active).toBe(0);
  });

  it('lets go of models that have no room, never of one in use', async () => {
    const small = openRunner({ modelBudgetBytes: 1 });
    const ldm = { vae: path.join(folder, 'sd15') };
    const drawn = await Promise.all(
      [{}, ldm, {}, ldm].map((changes) => eventsOf(imagine({ steps: 3, ...changes }), { on: small })),
    );
    const later = await eventsOf(imagine({ steps: 3 }), { on: small });
    const expected = pixels((await eventsOf(imagine({ steps: 3 }))).at(-1));
    for (const events of [...drawn, later]) {
      expect(pixels(events.at(-1))).toEqual(expected);
    }
    await small.close(0);
  });

  it('opens a model anew whose derived files were deleted', async () => {
    writeTinyModel('sd15', path.join(folder, 'cleared'));
    const lora = { id: 'ink', file: path.join(folder, 'ink.safetensors'), weight: 1 };
    const accelerator = { kind: 'file', file: lora.file } as const;
    const on = openRunner();
    const draw = async (styles: GenerationRequest['styles']) =>
      pixels((await eventsOf(imagine({ model: 'cleared', steps: 1, accelerator, styles }), { on })).at(-1));
    const plain = await draw([]);
    const derived = path.join(folder, 'cleared', 'unet', '.fourstep');
    expect(readdirSync(derived)).toEqual([expect.stringContaining('.merged.')]);
    rmSync(derived, { recursive: true });
    // The style's session is another, which could not be opened from what is gone.
    expect(await draw([lora])).not.toEqual(plain);
    expect(readdirSync(derived)).toHaveLength(1);
    expect(await draw([])).toEqual(plain);
    await on.close(0);
  });

  it('draws nothing for a signal that fired before', async () => {
    await expect(eventsOf(imagine({}), { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(CancelledError);
  });

  it('goes on with the next work when a reader turns away', async () => {
    for await (const event of runner.run(imagine({ steps: 50 }), new AbortController().signal)) {
      if (event.kind === 'step') {
        break;
      }
    }
    expect(runner.health()[0]?.active).toBe(0);
    const before = runner.health()[0]?.batches?.calls ?? 0;
    expect((await eventsOf(imagine({}))).length).toBe(4);
    expect(runner.health()[0]?.batches).toMatchObject({ calls: before + 2, maxRows: 1, uploadedBytes: 0 });
  });

  it('ends what is active when it closes, and takes no more', async () => {
    const closing = openRunner();
    let closed: Promise<void> | undefined;
    const drawing = eventsOf(imagine({ steps: 50 }), {
      on: closing,
      onEvent: () => {
        closed ??= closing.close(0);
      },
    });
    await expect(drawing).rejects.toBeInstanceOf(StoppedError);
    await closed;
    expect(closing.health()[0]).toMatchObject({ device: 'cpu', state: 'stopped', active: 0 });
    await expect(eventsOf(imagine({}), { on: closing })).rejects.toBeInstanceOf(StoppedError);
  });

  it('enlarges a picture in tiles, told as steps', async () => {
    const work: Work = { kind: 'upscale', id: 'test', request: { model: 'sd15', file: 'any', scale: 2 } };
    expect((await eventsOf(work)).map(label)).toEqual([
      'started',
      'step 0 1/2',
      'step 0 2/2',
      'picture 0 seed 0 500x80',
    ]);
  });

  it('refuses a scale that the model has no net for', async () => {
    const work: Work = { kind: 'upscale', id: 'test', request: { model: 'sd15', file: 'any', scale: 4 } };
    await expect(eventsOf(work)).rejects.toMatchObject({ code: 'upscale.none' });
  });
});

/** Mean difference of their bytes. */
function distance(a: Uint8Array = new Uint8Array(), b: Uint8Array = new Uint8Array()): number {
  return a.reduce((sum, byte, k) => sum + Math.abs(byte - (b[k] ?? 0)), 0) / b.length;
}

function pixels(event: WorkEvent | undefined): Uint8Array | undefined {
  return event?.kind === 'picture' ? event.picture.data : undefined;
}

/** The same weights under the names of the original code. */
async function writeLdmVae(from: string, to: string): Promise<void> {
  const { tensors } = await openSafetensors(from);
  const renamed: NamedTensor[] = [];
  for (const name of tensors.names) {
    const shape = tensors.get(name)?.shape ?? [];
    renamed.push({
      name: `first_stage_model.${toLdmVaeName(name, 4) ?? name}`,
      shape,
      data: await tensors.readFloats(name),
    });
  }
  writeTensors(to, renamed);
}
