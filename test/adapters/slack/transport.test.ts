/** The real Bolt against the fake workspace: deliveries in both transports, acknowledged in time and handled once. */
import { afterEach, describe, expect, it } from 'vitest';

import { text } from '../../../src/bot/texts/index.ts';
import { UserError } from '../../../src/core/errors.ts';
import { signedHeaders } from '../../support/slack/deliveries.ts';
import { eventually, setStage, SIGNING_SECRET, type Stage } from './stage.ts';

let stage: Stage | undefined;

afterEach(async () => {
  await stage?.end();
  stage = undefined;
});

describe.each(['socket', 'http'] as const)('over %s', (kind) => {
  it('acknowledges a command before the bot is done and hands it over with who, where and what', async () => {
    stage = await setStage(kind);
    const { fake, bot } = stage;
    let finish = (): void => undefined;
    bot.onHandle = () =>
      new Promise((resolve) => {
        finish = resolve;
      });
    const ana = fake.person('Ana', { isAdmin: true, locale: 'de-DE' });
    const outcome = await ana.slash('/imagine', 'a fox & a <hen> --seed 7 --no text');
    expect(outcome.isAcknowledged).toBe(true);
    await eventually(() => {
      expect(bot.handled).toHaveLength(1);
    });
    const [{ invocation, address } = never()] = bot.handled;
    expect(invocation.action).toEqual({
      kind: 'command',
      name: 'imagine',
      options: { prompt: 'a fox & a <hen>', seed: 7, negative: 'text' },
    });
    expect(invocation.actor).toEqual({
      user: `slack:T0FAKE-${ana.id}`,
      name: 'Ana',
      isAdmin: true,
      isModerator: true,
      locale: 'de',
    });
    expect(invocation.place).toMatchObject({
      platform: 'slack',
      server: 'slack:T0FAKE',
      serverName: 'Fake Workspace',
      channel: fake.general.id,
      isNsfw: false,
    });
    expect(JSON.parse(JSON.stringify(address))).toEqual(address);
    // The one line that the answer replaces stands before the work begins.
    expect(fake.messages().map((message) => message.words)).toEqual([`_${text('de', 'wait.begin')}_`]);
    finish();
  });

  it('handles a delivery that comes twice once, and acknowledges both', async () => {
    stage = await setStage(kind);
    const { fake, bot } = stage;
    fake.deliveries.isDoubling = true;
    const outcome = await fake.person('Ana').slash('/imagine', 'a fox');
    expect(outcome.isAcknowledged).toBe(true);
    await eventually(() => {
      expect(bot.handled).toHaveLength(1);
    });
    await settle();
    expect(bot.handled).toHaveLength(1);
    expect(fake.messages()).toHaveLength(1);
  });

  it('says when it is ready, and that it is not after stop', async () => {
    stage = await setStage(kind);
    expect(stage.adapter.readiness().isReady).toBe(true);
    await stage.adapter.stop();
    expect(stage.adapter.readiness().isReady).toBe(false);
  });

  it('finishes what is running before it has stopped', async () => {
    stage = await setStage(kind);
    const { fake, bot, adapter } = stage;
    const order: string[] = [];
    bot.onHandle = async () => {
      await settle(150);
      order.push('handled');
    };
    await fake.person('Ana').slash('/imagine', 'a fox');
    await eventually(() => {
      expect(bot.handled).toHaveLength(1);
    });
    await adapter.stop();
    order.push('stopped');
    expect(order).toEqual(['handled', 'stopped']);
  });

  it('tells somebody of a workspace without the app where they stand, privately', async () => {
    stage = await setStage(kind);
    const { fake, bot } = stage;
    const stranger = fake.person('Sid', { team: 'T0ELSE' });
    await stranger.slash('/imagine', 'a fox');
    await eventually(() => {
      expect(stranger.sees().map((message) => message.words)).toEqual([
        'This app is not installed in your workspace. Ask one of its admins to add it.',
      ]);
    });
    expect(stranger.sees()[0]?.isPrivate).toBe(true);
    expect(bot.handled).toEqual([]);
  });
});

describe('between hearing and acknowledging', () => {
  it('a delivery is written down, with what is known of the person and no rights that are not', async () => {
    stage = await setStage();
    const { fake, bot } = stage;
    const order: string[] = [];
    bot.onRecord = async (invocation, address) => {
      order.push(`accepted ${invocation.actor.name} ${String(invocation.actor.isAdmin)} ${String(address.data['ts'])}`);
      return () => Promise.resolve();
    };
    const outcome = await fake.person('Ana', { isAdmin: true }).slash('/imagine', 'a fox');
    order.push(outcome.isAcknowledged ? 'acknowledged' : 'lost');
    expect(order).toEqual(['accepted Ana false null', 'acknowledged']);
    await eventually(() => {
      expect(bot.handled[0]?.invocation.actor.isAdmin).toBe(true);
    });
  });

  it('what cannot be written down is refused, and nothing is promised in the channel', async () => {
    stage = await setStage();
    const { fake, bot } = stage;
    bot.onRecord = () => Promise.reject(new UserError('store.full', 'The disk of this bot is full.'));
    const ana = fake.person('Ana');
    expect((await ana.slash('/imagine', 'a fox')).isAcknowledged).toBe(true);
    await eventually(() => {
      expect(ana.sees().map((message) => message.isPrivate)).toEqual([true]);
    });
    expect(bot.handled).toEqual([]);
  });

  it('a slow disk does not make the acknowledgement late', async () => {
    stage = await setStage();
    const { fake, bot } = stage;
    bot.onRecord = () => new Promise(() => undefined);
    const outcome = await fake.person('Ana').slash('/imagine', 'a fox');
    expect(outcome.isAcknowledged).toBe(true);
    await eventually(() => {
      expect(bot.handled).toHaveLength(1);
    });
  });

  it.each([1, 2])(
    'what Slack did not hear acknowledged (%i times) is taken back, and handled when it is delivered again',
    async (times) => {
      stage = await setStage();
      const { fake, bot, adapter } = stage;
      let takenBack = 0;
      bot.onRecord = async () => {
        if (takenBack === 0) {
          // Slack is away for two attempts: a socket that is back at once would leave no time in which it is lost.
          fake.faults.next('apps.connections.open', { kind: 'status', status: 503 }, 2);
          fake.socket.dropAll();
          while (adapter.readiness().isReady) {
            await settle(5);
          }
        }
        return () => {
          takenBack += 1;
          return Promise.resolve();
        };
      };
      fake.deliveries.ackMs = 500;
      fake.deliveries.isDoubling = times === 2;
      expect((await fake.person('Ana').slash('/imagine', 'a fox')).isAcknowledged).toBe(false);
      await eventually(() => {
        expect(takenBack).toBe(times);
      });
      expect(bot.handled).toEqual([]);
      fake.deliveries.ackMs = 3000;
      expect((await fake.deliveries.again()).isAcknowledged).toBe(true);
      await eventually(() => {
        expect(bot.handled).toHaveLength(1);
      });
    },
  );
});

describe('Socket Mode', () => {
  it('opens the next socket soon when Slack asks for it, and hears what comes then', async () => {
    stage = await setStage('socket');
    const { fake, bot, adapter } = stage;
    fake.socket.refresh();
    await eventually(() => {
      expect(fake.socket.opened).toBe(2);
    });
    await fake.person('Ana').slash('/imagine', 'a fox');
    await eventually(() => {
      expect(bot.handled).toHaveLength(1);
    });
    expect(adapter.readiness().isReady).toBe(true);
  });

  it('is not ready while the socket is lost, survives Slack being away, and comes back', async () => {
    stage = await setStage('socket');
    const { fake, adapter } = stage;
    fake.faults.next('apps.connections.open', { kind: 'status', status: 503 }, 2);
    fake.faults.next('apps.connections.open', { kind: 'reset', when: 'before' });
    fake.faults.next('apps.connections.open', { kind: 'error', code: 'invalid_auth' });
    fake.socket.dropAll();
    await eventually(() => {
      expect(adapter.readiness().isReady).toBe(false);
    });
    await eventually(() => {
      expect(adapter.readiness().isReady).toBe(true);
    });
    expect(fake.faults.left('apps.connections.open')).toBe(0);
    expect(fake.socket.opened).toBe(2);
  });

  it('starts in spite of a first attempt that Slack does not answer', async () => {
    stage = await setStage('socket');
    stage.fake.faults.next('apps.connections.open', { kind: 'status', status: 502 });
    stage.fake.faults.next('auth.test', { kind: 'reset', when: 'before' });
    const adapter = await stage.restart();
    expect(adapter.readiness().isReady).toBe(true);
  });

  it('refuses to start with a token that Slack refuses, and says which', async () => {
    const failing = setStage('socket');
    stage = await failing;
    stage.fake.tokens.fault = 'invalid_auth';
    await expect(stage.restart()).rejects.toThrow(/SLACK_BOT_TOKEN \(invalid_auth\)/);
    stage.fake.tokens.fault = undefined;
    stage.fake.faults.next('apps.connections.open', { kind: 'error', code: 'not_authed' });
    await expect(stage.restart()).rejects.toThrow(/SLACK_APP_TOKEN \(not_authed\)/);
  });
});

describe('signed HTTP', () => {
  async function post(body: string, headers: Readonly<Record<string, string>>): Promise<number> {
    const response = await fetch(stage!.eventsUrl, { method: 'POST', body, headers });
    return response.status;
  }

  const nowS = (): number => Math.floor(Date.now() / 1000);

  it('takes only what is signed with the secret, within five minutes of our clock on either side', async () => {
    stage = await setStage('http');
    const body = 'command=%2Fhelp&team_id=T0FAKE&user_id=U1&channel_id=C1&trigger_id=1';
    expect(await post(body, signedHeaders(SIGNING_SECRET, body, nowS()))).toBe(200);
    expect(await post(body, signedHeaders('another secret', body, nowS()))).toBe(401);
    expect(await post(`${body}&x=1`, signedHeaders(SIGNING_SECRET, body, nowS()))).toBe(401);
    expect(await post(body, signedHeaders(SIGNING_SECRET, body, nowS() - 6 * 60))).toBe(401);
    expect(await post(body, signedHeaders(SIGNING_SECRET, body, nowS() + 6 * 60))).toBe(401);
    expect(await post(body, { 'content-type': 'application/x-www-form-urlencoded' })).toBe(401);
    expect(
      await post(body, { ...signedHeaders(SIGNING_SECRET, body, nowS()), 'x-slack-request-timestamp': 'soon' }),
    ).toBe(401);
  });

  it('answers other paths with 404, bodies that are too large with 413, and everything with 503 once stopped', async () => {
    stage = await setStage('http');
    const elsewhere = await fetch(stage.eventsUrl.replace('/events', '/other'), { method: 'POST', body: 'x' });
    expect(elsewhere.status).toBe(404);
    expect((await fetch(stage.eventsUrl)).status).toBe(404);
    const large = 'x'.repeat(3 * 1024 * 1024);
    expect(await post(large, signedHeaders(SIGNING_SECRET, large, nowS()))).toBe(413);
    await stage.adapter.stop();
    expect(await post('x', signedHeaders(SIGNING_SECRET, 'x', nowS()))).toBe(503);
  });
});

function settle(ms = 60): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function never(): never {
  throw new Error('nothing was handled');
}
