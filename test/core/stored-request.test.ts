/** Requests and jobs as older versions kept them mean the pictures that they meant; jobs-version-1.json is a recording. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { packageFolder } from '../../config/paths.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import { storedJob } from '../../src/core/job.ts';
import { generationRequest } from '../../src/core/request.ts';
import { storedRequest } from '../../src/core/stored-request.ts';
import { MOJI } from '../support/manifests.ts';

const recorded = z
  .array(z.looseObject({ work: z.looseObject({ kind: z.string(), request: z.unknown() }) }))
  .parse(JSON.parse(readFileSync(join(packageFolder, 'test/core/fixtures/jobs-version-1.json'), 'utf8')));

const requests = recorded.filter(({ work }) => work.kind === 'imagine').map(({ work }) => work.request);

describe('a request of version 1', () => {
  it('is the same picture in version 2: LCM, fp32, the full decoder, plain words, nothing added', () => {
    const [styled, mixed] = requests.map((request) => storedRequest.parse(request));
    expect(styled).toStrictEqual({
      version: 2,
      prompt: 'neon lights, a fox',
      negative: 'text',
      promptGrammar: 'plain',
      embeddings: [],
      model: 'moji',
      fingerprint: undefined,
      accelerator: { kind: 'model' },
      recipe: { scheduler: 'lcm' },
      precision: 'fp32',
      decoder: 'full',
      vae: undefined,
      styles: [{ id: 'neon', file: '/models/moji/neon.safetensors', weight: 0.8 }],
      seed: 7,
      index: 0,
      count: 4,
      steps: 4,
      guidance: 1.5,
      width: 128,
      height: 128,
      init: undefined,
      variation: undefined,
      mask: undefined,
      extend: undefined,
      alpha: false,
    });
    expect(mixed?.styles.map(({ id, weight }) => [id, weight])).toEqual([
      ['neon', 0.4],
      ['ink', 1],
    ]);
    expect(mixed?.init).toMatchObject({ strength: 0.4 });
  });

  it('keeps a file as accelerator and another VAE', () => {
    const old = { ...z.looseObject({}).parse(requests[0]), lcmLora: { kind: 'file', file: '/lcm' }, vae: '/vae' };
    expect(storedRequest.parse(old)).toMatchObject({ accelerator: { kind: 'file', file: '/lcm' }, vae: '/vae' });
  });

  it('comes back from disk as it went there, once it is of version 2', () => {
    for (const request of requests.map((each) => storedRequest.parse(each))) {
      expect(storedRequest.parse(JSON.parse(JSON.stringify(request)))).toStrictEqual(request);
    }
  });

  it('is not taken from a pipe: both ends are of one version', () => {
    expect(() => generationRequest.parse(requests[0])).toThrow(/version/);
  });
});

describe('a request made today', () => {
  it('begins as the manifest and the defaults have it', () => {
    const request = defaultRequest(MOJI, 'a fox', { seed: 3 });
    expect(request).toMatchObject({ version: 2, model: 'moji', seed: 3, steps: 4, width: 128, count: 1 });
    expect(storedRequest.parse(JSON.parse(JSON.stringify(request)))).toStrictEqual(request);
  });

  it('of a later version is refused', () => {
    expect(() => storedRequest.parse({ ...defaultRequest(MOJI, 'a fox'), version: 3 })).toThrow(/version/);
  });
});

describe('a job of version 1', () => {
  it('is read with all that it had, its event under today’s name', () => {
    const jobs = recorded.map((job) => storedJob.parse(job));
    expect(jobs.map(({ work }) => work.kind).sort()).toEqual(['imagine', 'imagine', 'imagine', 'upscale']);
    for (const [index, job] of jobs.entries()) {
      const { work: _, ...rest } = job;
      const { work: __, delivery, ...before } = recorded[index]!;
      expect(rest).toStrictEqual(delivery === undefined ? before : { ...before, event: delivery });
    }
  });

  it('whose parts are not ours is refused with the part’s name', () => {
    const job = z.looseObject({}).parse(recorded[0]);
    expect(() => storedJob.parse({ ...job, state: { kind: 'lost' } })).toThrow(/state/);
    expect(() => storedJob.parse({ ...job, user: 'nobody' })).toThrow(/user/);
  });
});
