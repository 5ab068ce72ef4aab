/** The order of things between a platform's event and the bot, with nothing of a platform. */
import { describe, expect, it } from 'vitest';

import { type Acknowledged, type InboundEvent, Intake } from '../../../src/adapters/shared/intake.ts';
import type { Bot, Invocation } from '../../../src/core/chat.ts';
import { UserError } from '../../../src/core/errors.ts';

type Stage = { readonly intake: Intake; readonly order: string[]; readonly acknowledged: [number, boolean][] };

function stage(record?: NonNullable<Bot['record']>): Stage {
  const order: string[] = [];
  const acknowledged: [number, boolean][] = [];
  const recorded = async (): Promise<() => Promise<void>> => {
    order.push('recorded');
    return async () => void order.push('discarded');
  };
  const bot: Bot = {
    acknowledgement: () => 'public',
    form: async () => Promise.reject(new Error('no form')),
    record: record ?? recorded,
    handle: async () => undefined,
    suggest: async () => [],
  };
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_: object, what: string) => order.push(what) };
  const intake = new Intake({
    bot,
    log,
    monotonicMs: () => performance.now(),
    onAcknowledged: (ms, isInTime) => acknowledged.push([ms, isInTime]),
  });
  return { intake, order, acknowledged };
}

const invocation: Invocation = {
  id: '1',
  actor: { user: 'discord:1', name: 'ann', isAdmin: false, isModerator: false, locale: 'en' },
  place: {
    platform: 'discord',
    server: 'discord:2',
    serverName: 'two',
    channel: '3',
    isNsfw: false,
    locale: 'en',
    maxUploadBytes: 1,
  },
  action: { kind: 'command', name: 'queue', options: {} },
  receivedAtMs: 0,
};

function event({ order }: Stage, more: Partial<InboundEvent> = {}): InboundEvent {
  const dispatch = async (): Promise<void> => void order.push('dispatched');
  return {
    id: '1',
    receivedAtMs: performance.now(),
    acknowledgement: 'public',
    record: { invocation, address: { platform: 'discord', data: {} } },
    acknowledge: async (refusal): Promise<Acknowledged> => {
      order.push(refusal === undefined ? 'acknowledged' : `refused: ${refusal.code}`);
      return { kind: 'done', dispatch };
    },
    acknowledgeAgain: async () => void order.push('acknowledged again'),
    turnAway: async () => void order.push('turned away'),
    ...more,
  };
}

describe('the intake', () => {
  it('writes down, acknowledges, dispatches, and tells how long it took', async () => {
    const set = stage();
    await set.intake.receive(event(set));
    await set.intake.drain(1000);
    expect(set.order).toEqual(['recorded', 'acknowledged', 'dispatched']);
    expect(set.acknowledged).toEqual([[expect.any(Number), true]]);
  });

  it('carries out once what comes twice, and acknowledges both, the second after the first', async () => {
    const set = stage();
    await Promise.all([set.intake.receive(event(set)), set.intake.receive(event(set))]);
    await set.intake.drain(1000);
    expect(set.order).toEqual(['recorded', 'acknowledged', 'dispatched', 'acknowledged again']);
  });

  it('takes back what was written down where the platform did not hear, and takes it up when it comes again', async () => {
    const set = stage();
    await set.intake.receive(event(set, { acknowledge: async () => Promise.reject(new Error('the socket is gone')) }));
    await set.intake.receive(event(set));
    await set.intake.drain(1000);
    const failed = ['recorded', 'discarded', 'an event could not be handled'];
    expect(set.order).toEqual([...failed, 'recorded', 'acknowledged', 'dispatched']);
  });

  it.each(['late', 'taken'] as const)('carries out nothing whose acknowledgement is %s', async (kind) => {
    const set = stage();
    await set.intake.receive(event(set, { acknowledge: async () => ({ kind }) }));
    await set.intake.drain(1000);
    expect(set.order).toEqual(['recorded', 'discarded']);
    expect(set.acknowledged.map(([, isInTime]) => isInTime)).toEqual([kind === 'taken']);
  });

  it('refuses what cannot be written down where everybody would wait for it, and goes on elsewhere', async () => {
    const full = async (): Promise<never> => Promise.reject(new UserError('store.full', 'The disk is full.'));
    const set = stage(full);
    await set.intake.receive(event(set));
    await set.intake.receive(event(set, { id: '2', acknowledgement: 'private' }));
    const said = set.order.filter((line) => /refused|acknowledged/.test(line));
    expect(said).toEqual(['refused: store.full', 'acknowledged']);
  });

  it('does not let a slow disk make the acknowledgement late', async () => {
    const set = stage(() => new Promise(() => undefined));
    await set.intake.receive(event(set));
    expect(set.order).toContain('acknowledged');
    expect(set.acknowledged.map(([, isInTime]) => isInTime)).toEqual([true]);
  });

  it('takes back and tells the person where it fails before the bot took over', async () => {
    const set = stage();
    const dispatch = async (): Promise<never> => Promise.reject(new Error('nobody knows who asks'));
    const refuse = async (error: unknown): Promise<void> => void set.order.push(String(error));
    await set.intake.receive(event(set, { acknowledge: async () => ({ kind: 'done', dispatch }), refuse }));
    await set.intake.drain(1000);
    expect(set.order).toEqual(['recorded', 'discarded', 'Error: nobody knows who asks']);
  });

  it('turns away what comes while it stops, and waits for what runs', async () => {
    const set = stage();
    const dispatch = async (): Promise<void> => {
      await new Promise((resolve) => {
        setTimeout(resolve, 30);
      });
      set.order.push('done');
    };
    await set.intake.receive(event(set, { acknowledge: async () => ({ kind: 'done', dispatch }) }));
    const drained = set.intake.drain(1000);
    await set.intake.receive(event(set, { id: '2' }));
    await drained;
    expect(set.order).toEqual(['recorded', 'turned away', 'done']);
    expect(set.intake.isStopping).toBe(true);
  });
});
