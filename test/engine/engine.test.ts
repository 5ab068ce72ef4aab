/** The loop with a made-up model: no graphs, so that every call can be looked at. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { PictureMs, WorkEvent } from '../../src/core/work.ts';
import type { Generation } from '../../src/engine/generation.ts';
import type { Decoding, Denoiser, LatentSize, UNetRow } from '../../src/engine/model/denoiser.ts';
import { Engine } from '../../src/engine/engine.ts';
import { NO_STYLE } from '../../src/engine/model/style-set.ts';
import { EventStream } from '../../src/core/event-stream.ts';
import { parseSchedulerConfig, plan, TorchGenerator } from '../../src/engine/sampling/index.ts';
import { CPU_POLICY, type SchedulerPolicy } from '../../src/engine/scheduler.ts';
import { Task } from '../../src/engine/task.ts';

const SIZE = { channels: 4, height: 2, width: 2 };
const LENGTH = 16;
const CONFIG = parseSchedulerConfig({}, 'scheduler_config.json');

/** output = 0.5 x + 0.1 sin(t) + the row's prompt; a picture is one grey pixel that stands for its latents. */
class MadeUpModel implements Denoiser {
  readonly calls: (readonly number[])[] = [];
  readonly decodedBeforeCall: number[] = [];
  /** Pictures of each call of the decoder. */
  readonly decodedTogether: number[] = [];
  readonly alphasTogether: number[] = [];
  /** Rows, and pictures, that a call was said to have room for. */
  readonly mosts: { rows: number | undefined; decodes: number | undefined } = { rows: undefined, decodes: undefined };
  failAtCall: number | undefined;
  /** Rows that its device has memory for. */
  roomForRows = Number.POSITIVE_INFINITY;
  roomForDecodes = Number.POSITIVE_INFINITY;

  async predict(rows: readonly UNetRow[], _size?: LatentSize, most?: number): Promise<Float32Array> {
    this.mosts.rows = most;
    if (this.calls.length === this.failAtCall) {
      throw new Error('device lost');
    }
    if (rows.length > this.roomForRows) {
      throw new UserError('device.memory', 'no room');
    }
    this.calls.push(rows.map(({ timestep }) => timestep));
    const outputs = new Float32Array(rows.length * LENGTH);
    for (const [k, row] of rows.entries()) {
      const target = outputs.subarray(k * LENGTH, (k + 1) * LENGTH);
      row.writeInput(target);
      target.forEach((value, i) => {
        target[i] = 0.5 * value + 0.1 * Math.sin(row.timestep) + row.conditioning.tokens[0]!;
      });
    }
    return outputs;
  }

  async decode(latents: readonly Float32Array[], _size?: LatentSize, { most }: Partial<Decoding> = {}) {
    this.mosts.decodes = most;
    if (latents.length > this.roomForDecodes) {
      throw new UserError('device.memory', 'no room');
    }
    this.decodedBeforeCall.push(this.calls.length);
    this.decodedTogether.push(latents.length);
    return latents.map((each) => ({ width: 1, height: 1, data: grey(each) }));
  }

  /** As solid as they are grey. */
  async alphas(pictures: readonly Picture[]): Promise<readonly Uint8Array[] | undefined> {
    this.alphasTogether.push(pictures.length);
    return pictures.map(({ data }) => data.slice(0, 1));
  }

  async preview(latents: Float32Array) {
    return { width: 1, height: 1, data: grey(latents) };
  }
}

function grey(latents: Float32Array): Uint8Array {
  const mean = latents.reduce((total, value) => total + Math.abs(value), 0) / latents.length;
  return new Uint8Array(3).fill(Math.round(mean * 100));
}

type DrawingOptions = {
  readonly number: number;
  readonly model: Denoiser;
  readonly seed?: number;
  readonly count?: number;
  readonly steps?: number;
  readonly prompt?: number;
  readonly guidance?: number;
  readonly previewAfter?: readonly number[];
  readonly isLive?: boolean;
  readonly decoder?: 'full' | 'tiny';
  readonly isTransparent?: boolean;
};

function generationOf({
  number,
  model,
  seed = number,
  count = 1,
  steps = 4,
  prompt = 0.2,
  guidance = 1,
  previewAfter = [],
  isLive = false,
  decoder = 'full',
  isTransparent = false,
}: DrawingOptions): Generation {
  const planned = plan(CONFIG, { scheduler: 'lcm', steps, strength: undefined });
  const conditioning = (value: number) => ({ tokens: Float32Array.of(value), pooled: undefined });
  return {
    number,
    events: new EventStream<WorkEvent>(),
    model,
    group: 'made up',
    size: SIZE,
    decoder,
    isTransparent,
    guidance,
    positive: conditioning(prompt),
    negative: guidance > 1 ? conditioning(0) : undefined,
    styles: NO_STYLE,
    isLive,
    previewAfter: new Set(previewAfter),
    pictures: Array.from({ length: count }, (_, index) => ({
      index,
      seed: seed + index,
      task: new Task({
        plan: planned,
        latentLength: LENGTH,
        generator: new TorchGenerator(seed + index),
        init: undefined,
      }),
      textMs: 1,
      denoiseMs: 0,
      previewDue: undefined,
      isDelivered: false,
    })),
    lastCall: -1,
  };
}

async function draw(
  policy: SchedulerPolicy,
  ...generations: readonly Generation[]
): Promise<readonly (readonly WorkEvent[])[]> {
  const engine = new Engine(policy);
  generations.forEach((generation) => engine.add(generation));
  return Promise.all(
    generations.map(async ({ events }) => {
      const seen: WorkEvent[] = [];
      for await (const event of events.read()) {
        seen.push(event);
      }
      return seen;
    }),
  );
}

function kinds(events: readonly WorkEvent[] | undefined): readonly string[] {
  return events?.map(({ kind }) => kind) ?? [];
}

function pixels(events: readonly WorkEvent[] | undefined): readonly number[] {
  return events?.flatMap((event) => (event.kind === 'picture' ? [event.picture.data[0]!] : [])) ?? [];
}

const FULL: SchedulerPolicy = { maxRows: 16, order: 'round-robin' };

describe('Engine', () => {
  it('tells every step of a picture, then the picture, then ends', async () => {
    const [events] = await draw(CPU_POLICY, generationOf({ number: 1, model: new MadeUpModel() }));
    expect(kinds(events)).toEqual(['step', 'step', 'step', 'step', 'picture']);
    expect(events?.[1]).toEqual({ kind: 'step', index: 0, step: 2, steps: 4 });
  });

  it('draws the same picture alone and among others of other prompts, step counts and guidance', async () => {
    const alone = await draw(FULL, generationOf({ number: 1, model: new MadeUpModel(), seed: 5 }));
    const model = new MadeUpModel();
    const together = await draw(
      FULL,
      generationOf({ number: 1, model, seed: 5 }),
      generationOf({ number: 2, model, steps: 8, prompt: 0.9 }),
      generationOf({ number: 3, model, steps: 1, guidance: 1.8 }),
    );
    expect(pixels(together[0])).toEqual(pixels(alone[0]));
    expect(model.calls[0]).toEqual([999, 999, 999, 999]);
    expect(model.calls[1]).toEqual([759, 879]);
  });

  it('gives picture k the stream of seed + k', async () => {
    const model = new MadeUpModel();
    const [three] = await draw(FULL, generationOf({ number: 1, model, seed: 40, count: 3 }));
    const [last] = await draw(FULL, generationOf({ number: 2, model, seed: 42 }));
    expect(pixels(three)[2]).toBe(pixels(last)[0]);
    expect(new Set(pixels(three)).size).toBe(3);
  });

  it('pulls towards the prompt with guidance', async () => {
    const model = new MadeUpModel();
    const [guided, plain] = await draw(
      FULL,
      generationOf({ number: 1, model, seed: 5, guidance: 3 }),
      generationOf({ number: 2, model, seed: 5, prompt: 0.6 }),
    );
    expect(pixels(guided)).toEqual(pixels(plain));
  });

  it('lets a generation join between two calls', async () => {
    const model = new MadeUpModel();
    const engine = new Engine(FULL);
    const first = generationOf({ number: 1, model });
    engine.add(first);
    let joined = false;
    const second = generationOf({ number: 2, model, steps: 2 });
    for await (const event of first.events.read()) {
      if (event.kind === 'step' && !joined) {
        joined = true;
        engine.add(second);
      }
    }
    expect(model.calls.map((call) => call.length)).toEqual([1, 2, 2, 1]);
  });

  it('takes a removed generation out of the next call', async () => {
    const model = new MadeUpModel();
    const engine = new Engine(FULL);
    const [first, second] = [generationOf({ number: 1, model }), generationOf({ number: 2, model })];
    engine.add(first);
    engine.add(second);
    for await (const event of second.events.read()) {
      if (event.kind === 'step') {
        engine.remove(first);
      }
    }
    expect(model.calls.map((call) => call.length)).toEqual([2, 1, 1, 1]);
    expect(engine.active).toBe(0);
  });

  it('fails every generation of a call that fails, and goes on with the rest', async () => {
    const [broken, sound] = [new MadeUpModel(), new MadeUpModel()];
    broken.failAtCall = 1;
    const good = { ...generationOf({ number: 2, model: sound }), group: 'sound' };
    const engine = new Engine(FULL);
    const bad = generationOf({ number: 1, model: broken });
    engine.add(bad);
    engine.add(good);
    const seen: string[] = [];
    await expect(async () => {
      for await (const event of bad.events.read()) {
        seen.push(event.kind);
      }
    }).rejects.toThrow('device lost');
    expect(seen).toEqual(['step']);
    const rest: WorkEvent[] = [];
    for await (const event of good.events.read()) {
      rest.push(event);
    }
    expect(kinds(rest).at(-1)).toBe('picture');
  });

  it('makes a call that has no room again with fewer rows, and fails a picture that has none alone', async () => {
    const model = new MadeUpModel();
    model.roomForRows = 3;
    const [events] = await draw(FULL, generationOf({ number: 1, model, count: 8, steps: 1 }));
    expect(events?.filter(({ kind }) => kind === 'picture')).toHaveLength(8);
    expect(Math.max(...model.calls.map((rows) => rows.length))).toBeLessThanOrEqual(3);
    model.roomForRows = 0;
    await expect(draw(FULL, generationOf({ number: 2, model }))).rejects.toMatchObject({ code: 'device.memory' });
  });

  it('holds no more rows than a picture’s kind has room for, and goes on with fewer of that kind alone', async () => {
    const model = new MadeUpModel();
    const few = { ...generationOf({ number: 1, model, count: 5, steps: 1 }), mostRows: 2, mostDecodes: 3 };
    await draw({ ...FULL, maxDecodes: 4 }, few);
    expect(model.mosts).toEqual({ rows: 2, decodes: 3 });
    expect(model.calls.map((rows) => rows.length)).toEqual([2, 2, 1]);
    const [large, small] = [new MadeUpModel(), new MadeUpModel()];
    large.roomForRows = 2;
    await draw(
      FULL,
      { ...generationOf({ number: 1, model: large, count: 4, steps: 1 }), group: 'large' },
      { ...generationOf({ number: 2, model: small, count: 8, steps: 1 }), group: 'small' },
    );
    expect(large.calls.map((rows) => rows.length)).toEqual([2, 2]);
    expect(small.calls.map((rows) => rows.length)).toEqual([8]);
  });

  it('fails a generation whose model answers with no numbers, in a sentence', async () => {
    const generation = generationOf({ number: 1, model: new MadeUpModel(), prompt: Number.NaN });
    await expect(draw(CPU_POLICY, generation)).rejects.toMatchObject({ name: 'UserError', code: 'model.nan' });
  });

  it('makes previews of the steps that were asked for, never of the last', async () => {
    const [events] = await draw(
      CPU_POLICY,
      generationOf({ number: 1, model: new MadeUpModel(), previewAfter: [2, 4] }),
    );
    expect(kinds(events)).toEqual(['step', 'step', 'preview', 'step', 'step', 'picture']);
    expect(events?.[2]).toMatchObject({ step: 2, steps: 4 });
  });

  it('decodes one picture between two calls while others are still drawn', async () => {
    const model = new MadeUpModel();
    await draw(
      FULL,
      generationOf({ number: 1, model, count: 3, steps: 1 }),
      generationOf({ number: 2, model, steps: 4 }),
    );
    expect(model.decodedBeforeCall).toEqual([1, 2, 3, 4]);
  });

  it('decodes several of one size and decoder in a call where the device gains by it', async () => {
    const model = new MadeUpModel();
    const drawn = await draw(
      { ...FULL, maxDecodes: 4 },
      generationOf({ number: 1, model, count: 6, steps: 1 }),
      generationOf({ number: 2, model, steps: 1, decoder: 'tiny' }),
    );
    expect(model.decodedTogether).toEqual([4, 2, 1]);
    expect(drawn.map((events) => kinds(events).filter((kind) => kind === 'picture').length)).toEqual([6, 1]);
  });

  it('asks how solid pixels are of those pictures of a call alone that are to be transparent', async () => {
    const model = new MadeUpModel();
    const drawn = await draw(
      { ...FULL, maxDecodes: 4 },
      generationOf({ number: 1, model, count: 2, steps: 1 }),
      generationOf({ number: 2, model, count: 2, steps: 1, isTransparent: true }),
    );
    expect(model.decodedTogether).toEqual([4]);
    expect(model.alphasTogether).toEqual([2]);
    const pictures = drawn.flat().flatMap((event) => (event.kind === 'picture' ? event.picture : []));
    const expected = pictures.map(({ data }, k) => (k < 2 ? undefined : data.slice(0, 1)));
    expect(pictures.map(({ alpha }) => alpha)).toEqual(expected);
  });

  it('decodes alone what has no room together, and fewer together from then on', async () => {
    const model = new MadeUpModel();
    model.roomForDecodes = 2;
    const [events] = await draw({ ...FULL, maxDecodes: 4 }, generationOf({ number: 1, model, count: 8, steps: 1 }));
    expect(model.decodedTogether).toEqual([1, 1, 1, 1, 2, 2]);
    expect(pixels(events)).toHaveLength(8);
  });

  it('fails alone the picture that a call of several cannot decode', async () => {
    class FaultyModel extends MadeUpModel {
      override async decode(latents: readonly Float32Array[]) {
        if (latents.some((each) => Math.abs(each[0] ?? 0) > 100)) {
          throw new UserError('model.nan', 'no numbers');
        }
        return super.decode(latents);
      }
    }
    const model = new FaultyModel();
    const engine = new Engine({ ...FULL, maxDecodes: 4 });
    const [good, bad] = [
      generationOf({ number: 1, model, steps: 1, count: 2 }),
      generationOf({ number: 2, model, steps: 1, prompt: 1000 }),
    ];
    engine.add(bad);
    engine.add(good);
    const seen: WorkEvent[] = [];
    for await (const event of good.events.read()) {
      seen.push(event);
    }
    expect(pixels(seen)).toHaveLength(2);
    const failing = (async () => {
      for await (const event of bad.events.read()) {
        void event;
      }
    })();
    await expect(failing).rejects.toMatchObject({ code: 'model.nan' });
  });

  it('hands every picture on once, whatever becomes of another of the same call', async () => {
    class ForgetfulModel extends MadeUpModel {
      override async decode(latents: readonly Float32Array[]) {
        return (await super.decode(latents)).slice(0, 3);
      }
    }
    const model = new ForgetfulModel();
    const engine = new Engine({ ...FULL, maxDecodes: 4 });
    const asked = [
      generationOf({ number: 1, model, steps: 1, count: 2 }),
      generationOf({ number: 2, model, steps: 1, count: 2 }),
    ];
    asked.forEach((generation) => engine.add(generation));
    const seen: WorkEvent[][] = [[], []];
    const ends = await Promise.allSettled(
      asked.map(async ({ events }, k) => {
        for await (const event of events.read()) {
          seen[k]?.push(event);
        }
      }),
    );
    expect(seen.map((events) => pixels(events).length)).toEqual([2, 1]);
    expect(ends).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: expect.stringContaining('fewer pictures') } },
    ]);
    expect(model.decodedTogether).toEqual([4]);
    expect(engine.active).toBe(0);
  });

  it('counts its calls, and the rows in them', async () => {
    const engine = new Engine(FULL);
    const model = new MadeUpModel();
    const [guided, plain] = [
      generationOf({ number: 1, model, steps: 2, guidance: 2 }),
      generationOf({ number: 2, model, steps: 2 }),
    ];
    expect(engine.batches).toEqual({ calls: 0, rows: 0, maxRows: FULL.maxRows });
    engine.add(guided);
    engine.add(plain);
    const seen: WorkEvent[] = [];
    for (const { events } of [guided, plain]) {
      for await (const event of events.read()) {
        seen.push(event);
      }
    }
    expect(seen.filter(({ kind }) => kind === 'picture')).toHaveLength(2);
    expect(engine.batches).toEqual({ calls: 2, rows: 6, maxRows: FULL.maxRows });
  });

  it('gives live pictures a quarter of the device while others are drawn, and all of it afterwards', async () => {
    let clock = 0;
    const took = { live: 0, others: 0 };
    /** A device whose calls and decodings take 10 ms a picture. */
    class TimedModel extends MadeUpModel {
      readonly kind: 'live' | 'others';
      constructor(kind: 'live' | 'others') {
        super();
        this.kind = kind;
      }
      override predict(rows: readonly UNetRow[]) {
        this.#take(10 * rows.length);
        return super.predict(rows);
      }
      override decode(latents: readonly Float32Array[]) {
        this.#take(10 * latents.length);
        return super.decode(latents);
      }
      #take(ms: number) {
        clock += ms;
        took[this.kind] += ms;
      }
    }
    const engine = new Engine(CPU_POLICY, () => clock);
    const others = generationOf({ number: 1, model: new TimedModel('others'), count: 100 });
    engine.add(others);
    const live = new TimedModel('live');
    const end = new AbortController();
    const hand = (async () => {
      for (let number = 2; !end.signal.aborted; number++) {
        const drawn = generationOf({ number, model: live, steps: 2, isLive: true });
        engine.add(drawn);
        for await (const event of drawn.events.read()) {
          void event;
        }
      }
    })();
    for await (const event of others.events.read()) {
      void event;
    }
    const { live: liveMs } = took;
    end.abort();
    await hand;
    expect(took.others).toBe(100 * 50);
    expect(liveMs / (liveMs + took.others)).toBeLessThanOrEqual(0.29); // 0.25, and 200 ms at first
    expect(liveMs / (liveMs + took.others)).toBeGreaterThan(0.2);
  });

  it('charges the time of a call to its pictures by their rows', async () => {
    let clock = 0;
    const engine = new Engine(FULL, () => (clock += 6));
    const model = new MadeUpModel();
    const [guided, plain] = [
      generationOf({ number: 1, model, steps: 1, guidance: 2 }),
      generationOf({ number: 2, model, steps: 1 }),
    ];
    engine.add(guided);
    engine.add(plain);
    const ms: PictureMs[] = [];
    for (const { events } of [guided, plain]) {
      for await (const event of events.read()) {
        if (event.kind === 'picture') {
          ms.push(event.ms);
        }
      }
    }
    expect(ms).toEqual([
      { text: 1, denoise: 4, decode: 6, total: 11 },
      { text: 1, denoise: 2, decode: 6, total: 9 },
    ]);
  });
});
