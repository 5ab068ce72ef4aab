/** Readiness and liveness with parts and a clock of the test's. */
import { afterEach, describe, expect, it } from 'vitest';

import { Health, type HealthOptions } from '../../src/health/health.ts';
import { runnerPart } from '../../src/health/parts.ts';
import type { RunnerHealth } from '../../src/core/work.ts';

const opened: Health[] = [];

function scene(options: Partial<HealthOptions> = {}) {
  let nowMs = 0;
  const states = new Map([
    ['discord', { isReady: true, detail: 'connected' }],
    ['runner', { isReady: true, detail: 'cpu: ready' }],
  ]);
  const health = new Health({
    parts: () => [...states].map(([name, state]) => ({ name, state: () => state })),
    now: () => nowMs,
    deadAfterMs: 60_000,
    ...options,
  });
  opened.push(health);
  const set = (name: string, isReady: boolean) =>
    states.set(name, { isReady, detail: isReady ? 'up' : 'socket is dead' });
  return { health, set, pass: (ms: number) => (nowMs += ms) };
}

afterEach(() => {
  opened.splice(0).forEach((health) => health.close());
});

describe('readiness', () => {
  it('is lost with the first part that is down, which is named, and comes back with it', () => {
    const { health, set } = scene();
    expect(health.ready()).toMatchObject({ isOk: true, body: { status: 'ok' } });
    set('discord', false);
    const report = health.ready();
    expect(report).toMatchObject({ isOk: false, body: { status: 'unavailable' } });
    expect(report.body.parts.find(({ name }) => name === 'discord')).toEqual({
      name: 'discord',
      isReady: false,
      detail: 'socket is dead',
      downSeconds: 0,
    });
    set('discord', true);
    expect(health.ready().isOk).toBe(true);
  });
});

describe('liveness', () => {
  it('outlives a part that comes back in time, and ends with one that does not', () => {
    const { health, set, pass } = scene();
    set('runner', false);
    expect(health.live().isOk).toBe(true);
    pass(59_000);
    expect(health.live().isOk).toBe(true);
    set('runner', true);
    expect(health.live().isOk).toBe(true);
    set('runner', false);
    health.live();
    pass(60_000);
    expect(health.live().isOk).toBe(false);
    expect(health.live().body.parts.find(({ name }) => name === 'runner')?.downSeconds).toBe(60);
  });

  it('counts from when a part went down, not from when somebody asked', async () => {
    const { health, set, pass } = scene({ lookEveryMs: 5 });
    set('runner', false);
    await new Promise((resolve) => setTimeout(resolve, 100)); // it looks by itself meanwhile
    pass(60_000);
    expect(health.live().isOk).toBe(false);
  });
});

describe('the runner as a part', () => {
  it('is ready while one of its devices is', () => {
    const states: RunnerHealth['state'][] = ['ready', 'restarting'];
    const part = runnerPart({
      run: () => {
        throw new Error('nothing is drawn here');
      },
      health: () => states.map((state, k) => ({ device: `cuda:${k}`, state, active: k, lastHeartbeatAtMs: undefined })),
      close: async () => {},
    });
    expect(part.state()).toEqual({ isReady: true, detail: 'cuda:0: ready, 0 active; cuda:1: restarting, 1 active' });
    states[0] = 'stopped';
    expect(part.state().isReady).toBe(false);
  });
});
