/** Answers on their way into the fake workspace: in place, once, in spite of what goes wrong. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Invocation } from '../../../src/core/chat.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { Message } from '../../../src/core/message.ts';
import type { Person } from '../../support/slack/person.ts';
import { button, eventually, FINAL, PASSING, picture, say, setStage, type Stage } from './stage.ts';

let stage: Stage;
let ana: Person;

beforeEach(async () => {
  stage = await setStage();
  ana = stage.fake.person('Ana');
});

afterEach(async () => {
  await stage.end();
});

/** The address that the bot gets when Ana asks. */
async function asked(command = '/imagine', text = 'a fox', channel?: string): Promise<ReplyAddress> {
  const before = stage.bot.handled.length;
  await ana.slash(command, text, channel);
  return (await nextHandled(before)).address;
}

async function pressed(label: string): Promise<{ readonly invocation: Invocation; readonly address: ReplyAddress }> {
  const before = stage.bot.handled.length;
  await ana.press(label);
  return nextHandled(before);
}

async function nextHandled(before: number): Promise<Stage['bot']['handled'][number]> {
  await eventually(() => {
    expect(stage.bot.handled.length).toBeGreaterThan(before);
  });
  return stage.bot.handled[before]!;
}

function answer(content = 'pixels', ...labels: readonly string[]): Message {
  const buttons = labels.map((label) => button(`1.${label.toLowerCase()}.job`, label));
  return { ...say('a fox', 'by Ana'), picture: picture(content), rows: buttons.length === 0 ? [] : [buttons] };
}

describe('an answer with a picture', () => {
  it('turns the first line into preview and final answer: one message, one picture, buttons under it', async () => {
    const { adapter, fake } = stage;
    fake.settings.processingMs = 60;
    let address = await asked();
    address = await adapter.deliver(address, { ...say('Drawing … 2/4'), picture: picture('preview') }, PASSING);
    expect(fake.messages().map((message) => message.pictures.map((shown) => shown.data.toString()))).toEqual([
      ['preview'],
    ]);
    address = await adapter.deliver(address, answer('final', 'U1', 'V1', 'Reroll'), FINAL);
    const [message, ...others] = fake.messages();
    expect(others).toEqual([]);
    expect(message?.words).toBe('a fox\nby Ana');
    expect(message?.pictures.map(({ alt, data }) => [alt, data.toString()])).toEqual([['a picture of final', 'final']]);
    expect(message?.buttons.map(({ label, value }) => [label, value])).toEqual([
      ['U1', '1.u1.job'],
      ['V1', '1.v1.job'],
      ['Reroll', '1.reroll.job'],
    ]);
    // The preview's file is of no use any more.
    expect([...fake.state.files.values()].map((file) => file.data?.toString())).toEqual(['final']);
  });

  it('uploads a picture once, however often its message is edited', async () => {
    const { adapter, fake } = stage;
    let address = await asked();
    address = await adapter.deliver(address, answer('same', 'U1'), FINAL);
    await adapter.deliver(address, answer('same', 'used'), { ...FINAL, key: 'again' });
    expect(fake.callsOf('files.completeUploadExternal')).toHaveLength(1);
    expect(fake.messages()[0]?.pictures).toHaveLength(1);
  });

  it('arrives where the app may not read files and so is never told when an upload can be shown', async () => {
    const { adapter, fake } = stage;
    fake.settings.scopes.delete('files:read');
    fake.settings.processingMs = 80;
    await adapter.deliver(await asked(), answer('patience'), FINAL);
    expect(fake.messages()[0]?.pictures.map((shown) => shown.data.toString())).toEqual(['patience']);
  });

  it('is shared as a file with its words and buttons where uploads in blocks are refused', async () => {
    const { adapter, fake } = stage;
    fake.settings.acceptsFileBlocks = false;
    const address = await adapter.deliver(await asked(), answer('shared', 'U1'), FINAL);
    const [message, ...others] = fake.messages();
    expect(others).toEqual([]);
    expect(message?.pictures.map((shown) => shown.data.toString())).toEqual(['shared']);
    expect(message?.buttons.map((shown) => shown.label)).toEqual(['U1']);
    // It can still be edited, and keeps its picture.
    await adapter.deliver(address, answer('shared', 'used'), { ...FINAL, key: 'again' });
    expect(fake.messages().map((shown) => [shown.buttons[0]?.label, shown.pictures.length])).toEqual([['used', 1]]);
    const { invocation } = await pressed('used');
    expect(invocation.action).toMatchObject({ kind: 'button', id: '1.used.job' });
  });
});

describe('when Slack has a bad moment', () => {
  it('keeps trying a final answer through rate limits, faults and cut connections', async () => {
    const { adapter, fake } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'rate-limit', retryAfterS: 1 });
    fake.faults.next('chat.update', { kind: 'status', status: 503 });
    fake.faults.next('chat.update', { kind: 'reset', when: 'before' });
    fake.faults.next('chat.update', { kind: 'reset', when: 'after' });
    fake.faults.next('chat.update', { kind: 'error', code: 'internal_error' });
    fake.faults.next('upload', { kind: 'reset', when: 'before' });
    fake.faults.next('files.completeUploadExternal', { kind: 'status', status: 500 });
    await adapter.deliver(address, answer('at last'), FINAL);
    expect(fake.faults.left('chat.update')).toBe(0);
    expect(fake.messages().map((message) => message.pictures[0]?.data.toString())).toEqual(['at last']);
  });

  it('drops a progress edit at the first trouble and says where the message still stands', async () => {
    const { adapter, fake } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'rate-limit', retryAfterS: 1 });
    expect(await adapter.deliver(address, say('In line: 2nd'), PASSING)).toEqual(address);
    // Until the pause is over Slack is not even asked.
    expect(await adapter.deliver(address, say('In line: next'), PASSING)).toEqual(address);
    expect(fake.callsOf('chat.update')).toHaveLength(0);
    expect(fake.messages()[0]?.words).not.toContain('In line');
  });

  it('lets no slow progress edit land on top of the answer', async () => {
    const { adapter, fake } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'delay', ms: 200 });
    const passing = adapter.deliver(address, say('Drawing … 1/4'), PASSING);
    const final = adapter.deliver(address, say('done'), FINAL);
    await Promise.all([passing, final]);
    expect(fake.messages().map((message) => message.words)).toEqual(['done']);
  });

  it('opens forms at once while edits are throttled', async () => {
    const { adapter, fake, bot } = stage;
    const address = await adapter.deliver(await asked(), answer('x', 'Remix'), FINAL);
    bot.acknowledge = () => 'form';
    bot.onForm = () => Promise.resolve({ id: 'remix', title: 'Remix', submit: 'Draw', fields: [field('prompt')] });
    fake.faults.next('chat.update', { kind: 'rate-limit', retryAfterS: 2 });
    const throttled = adapter.deliver(address, answer('x', 'later'), { ...FINAL, key: 'later' });
    const startedAt = Date.now();
    await ana.press('Remix');
    await eventually(() => {
      expect(ana.view()).toBeDefined();
    });
    expect(Date.now() - startedAt).toBeLessThan(1500);
    await throttled;
  });

  it('posts nothing twice when the connection is cut after Slack has posted', async () => {
    const { adapter, fake } = stage;
    fake.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    const address = await asked();
    expect(fake.messages()).toHaveLength(1);
    fake.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    await adapter.deliver(address, say('another'), { mode: 'new', key: 'another', isFinal: true });
    await adapter.deliver(address, say('another'), { mode: 'new', key: 'another', isFinal: true });
    expect(
      fake
        .messages()
        .map((message) => message.words)
        .slice(1),
    ).toEqual(['another']);
  });

  it('posts nothing twice when the process died between posting and noting it', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    await adapter.deliver(address, say('another'), { mode: 'new', key: 'another', isFinal: true });
    const next = await stage.restart();
    const again = await next.deliver(address, say('another'), { mode: 'new', key: 'another', isFinal: true });
    expect(fake.messages().filter((message) => message.words === 'another')).toHaveLength(1);
    // And what was found can be edited.
    await next.deliver(again, say('edited'), { ...FINAL, key: 'edited' });
    expect(fake.messages().map((message) => message.words)).toContain('edited');
  });

  it('delivers in spite of a history that it may not read', async () => {
    const { fake, adapter } = stage;
    fake.settings.scopes.delete('channels:history');
    const address = await asked();
    fake.faults.next('chat.postMessage', { kind: 'status', status: 502 });
    await adapter.deliver(address, say('another'), { mode: 'new', key: 'another', isFinal: true });
    expect(fake.messages().map((message) => message.words)).toContain('another');
  });

  it('fails aloud and is not ready while the token is refused, and recovers with it', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    fake.tokens.fault = 'token_expired';
    await expect(adapter.deliver(address, say('lost?'), FINAL)).rejects.toThrow('token_expired');
    expect(adapter.readiness()).toEqual({ isReady: false, detail: 'Slack refuses the bot token: token_expired' });
    fake.tokens.fault = undefined;
    await adapter.deliver(address, say('not lost'), FINAL);
    expect(adapter.readiness().isReady).toBe(true);
  });

  it('makes the message with the answer where the first line could not be posted', async () => {
    const { fake, adapter } = stage;
    fake.faults.next('chat.postMessage', { kind: 'rate-limit', retryAfterS: 30 });
    const address = await asked();
    expect(fake.messages()).toEqual([]);
    fake.state.advance(30_000);
    await adapter.deliver(address, answer('late'), FINAL);
    expect(fake.messages().map((message) => message.pictures.length)).toEqual([1]);
  });

  it('replaces the first line that was posted after all when nobody could be asked whether it was', async () => {
    const { fake, adapter } = stage;
    fake.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    fake.faults.next('chat.postMessage', { kind: 'rate-limit', retryAfterS: 30 });
    fake.faults.next('conversations.history', { kind: 'rate-limit', retryAfterS: 30 });
    const address = await asked();
    expect(fake.messages().map(({ words }) => words)).toEqual(['_Drawing …_']);
    fake.state.advance(30_000);
    await adapter.deliver(address, answer('late'), FINAL);
    expect(fake.messages().map((message) => message.pictures.length)).toEqual([1]);
  });

  it('makes the answer of progress that was posted though nothing was heard of it', async () => {
    const { fake, adapter } = stage;
    fake.faults.next('chat.postMessage', { kind: 'error', code: 'a_bad_moment' });
    fake.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    const address = await asked();
    await adapter.deliver(address, say('In line: 1st'), { ...PASSING, key: 'job:waiting' });
    expect(fake.messages().map(({ words }) => words)).toEqual(['In line: 1st']);
    await adapter.deliver(address, answer('at last'), FINAL);
    expect(fake.messages().map((message) => message.pictures[0]?.data.toString())).toEqual(['at last']);
  });

  it('waits no longer for Slack when the clock is set back', async () => {
    const { fake, adapter, clock } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'rate-limit', retryAfterS: 1 });
    const delivering = adapter.deliver(address, say('soon'), FINAL);
    await eventually(() => {
      expect(fake.faults.left('chat.update')).toBe(0);
    });
    clock.offsetMs = -3_600_000;
    await delivering;
    expect(fake.messages().map(({ words }) => words)).toEqual(['soon']);
  });

  it('puts nothing back where somebody has deleted the message', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    fake.state.remove(fake.state.messages.all()[0]!);
    const next = await adapter.deliver(address, answer('unwanted'), FINAL);
    await adapter.deliver(next, say('edited'), { ...FINAL, key: 'edited' });
    expect([fake.messages(), [...fake.state.files.values()]]).toEqual([[], []]);
  });

  it('writes to the person where the bot was thrown out of the channel meanwhile', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    fake.faults.next('chat.update', { kind: 'error', code: 'channel_not_found' });
    await adapter.deliver(address, answer('for you'), FINAL);
    const direct = fake.messages(fake.state.directChannel(ana.id).id);
    expect(direct.map((message) => message.pictures[0]?.data.toString())).toEqual(['for you']);
  });
});

/** The address as it was when it was last written down, before our first line had a place. */
function whatIsWritten(bot: Stage['bot']): { address?: ReplyAddress } {
  const written: { address?: ReplyAddress } = {};
  bot.onRecord = (_invocation, address) => {
    written.address = address;
    return Promise.resolve(() => Promise.resolve());
  };
  return written;
}

describe('after a restart', () => {
  it('edits the message that stood before it', async () => {
    const { fake } = stage;
    const address = JSON.parse(JSON.stringify(await asked())) as ReplyAddress;
    const adapter = await stage.restart();
    await adapter.deliver(address, answer('resumed', 'U1'), FINAL);
    expect(fake.messages().map((message) => message.pictures[0]?.data.toString())).toEqual(['resumed']);
  });

  it('finds the first line that was posted just before the process died', async () => {
    const { fake, bot } = stage;
    const written = whatIsWritten(bot);
    await asked();
    const adapter = await stage.restart();
    await adapter.deliver(written.address!, answer('found again'), FINAL);
    expect(fake.messages().map((message) => message.pictures[0]?.data.toString())).toEqual(['found again']);
  });

  it('finds what was posted while our clock was ahead', async () => {
    const { fake, bot, clock } = stage;
    const written = whatIsWritten(bot);
    clock.offsetMs = 3_600_000;
    fake.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    await asked();
    expect(fake.messages()).toHaveLength(1);
    clock.offsetMs = 0;
    const adapter = await stage.restart();
    await adapter.deliver(written.address!, answer('in time'), FINAL);
    expect(fake.messages().map((message) => message.pictures[0]?.data.toString())).toEqual(['in time']);
  });

  it('finds the progress whose place nobody could write down, and makes it the answer', async () => {
    const { fake, bot } = stage;
    const written = whatIsWritten(bot);
    await asked();
    fake.state.remove(fake.state.messages.all()[0]!);
    const second = await stage.restart();
    await second.deliver(written.address!, say('In line: 1st'), { ...PASSING, key: 'job:waiting' });
    const third = await stage.restart();
    await third.deliver(written.address!, say('Drawing …'), { ...PASSING, key: 'job:drawing' });
    expect(fake.messages().map(({ words }) => words)).toEqual(['Drawing …']);
    const fourth = await stage.restart();
    await fourth.deliver(written.address!, answer('at last'), FINAL);
    expect(fake.messages().map((message) => message.pictures[0]?.data.toString())).toEqual(['at last']);
  });

  it('understands the buttons of messages from before it', async () => {
    await stage.adapter.deliver(await asked(), answer('old', 'U1'), FINAL);
    await stage.restart();
    const { invocation } = await pressed('U1');
    expect(invocation.action).toMatchObject({ kind: 'button', id: '1.u1.job' });
  });
});

describe('a private answer', () => {
  it('is seen by the person alone and takes the first line away', async () => {
    const { fake, adapter } = stage;
    const ben = fake.person('Ben');
    await adapter.deliver(await asked(), say('Steps can be 1 to 8.'), { mode: 'private', key: 'p', isFinal: true });
    expect(ana.sees().map((message) => [message.words, message.isPrivate])).toEqual([['Steps can be 1 to 8.', true]]);
    expect(ben.sees()).toEqual([]);
  });

  it('leaves the pressed message alone', async () => {
    const { fake, adapter, bot } = stage;
    await adapter.deliver(await asked(), answer('x', 'Info'), FINAL);
    bot.acknowledge = () => 'private';
    const { address } = await pressed('Info');
    await adapter.deliver(address, say('seed 7'), { mode: 'private', key: 'info', isFinal: true });
    expect(fake.messages()).toHaveLength(1);
    expect(ana.sees().map((message) => message.isPrivate)).toEqual([false, true]);
  });

  it('takes nothing from the pressed message, whichever way that was acknowledged', async () => {
    const { adapter, fake, bot } = stage;
    await adapter.deliver(await asked(), answer('pixels', 'Delete'), FINAL);
    for (const how of ['update', 'private', 'public'] as const) {
      bot.acknowledge = () => how;
      const { address } = await pressed('Delete');
      await adapter.deliver(address, say('Only the requester can do this.'), { ...FINAL, mode: 'private', key: how });
      expect(ana.sees().at(-1)).toMatchObject({ isPrivate: true, words: 'Only the requester can do this.' });
      expect([...fake.state.files.values()].map((file) => file.data?.toString())).toEqual(['pixels']);
      expect(fake.messages().map(({ pictures }) => pictures.length)).toEqual([1]);
    }
  });

  it('replaces itself while it is being made, and still arrives after half an hour and after five posts', async () => {
    const { fake, adapter, bot } = stage;
    bot.acknowledge = () => 'private';
    const address = await asked('/style', 'list');
    const passing = (text: string) => adapter.deliver(address, say(text), { mode: 'edit', key: text, isFinal: false });
    for (const text of ['1', '2', '3', '4', '5', '6']) {
      await passing(text);
    }
    await adapter.deliver(address, say('the list'), { mode: 'edit', key: 'list', isFinal: true });
    expect(ana.sees().map((message) => message.words)).toEqual(['the list']);
    await adapter.deliver(address, say('once more'), { mode: 'edit', key: 'once more', isFinal: true });
    await adapter.deliver(address, say('and more'), { mode: 'edit', key: 'and more', isFinal: true });
    fake.state.advance(31 * 60_000);
    await adapter.deliver(address, say('much later'), { mode: 'edit', key: 'later', isFinal: true });
    expect(ana.sees().at(-1)).toMatchObject({ words: 'much later', isPrivate: true });
  });

  it('with a button is edited in place when that is pressed, and can take itself away', async () => {
    const { adapter, bot } = stage;
    bot.acknowledge = () => 'private';
    const panel = { ...say('Settings'), rows: [[button('1.panel.words', 'Words'), button('1.panel.home', 'Close')]] };
    await adapter.deliver(await asked('/settings', ''), panel, { mode: 'edit', key: 'panel', isFinal: true });
    bot.acknowledge = () => 'update';
    const { address } = await pressed('Words');
    await adapter.deliver(address, { ...panel, lines: [[{ kind: 'plain', text: 'Words: none' }]] }, FINAL);
    expect(ana.sees().map((message) => message.words)).toEqual(['Words: none']);
    const again = await pressed('Close');
    await adapter.remove(again.address);
    expect(ana.sees()).toEqual([]);
  });

  it('with a file comes as a direct message', async () => {
    const { fake, adapter, bot } = stage;
    bot.acknowledge = () => 'private';
    const address = await asked('/mydata', 'export');
    const file = {
      name: 'mydata.json',
      contentType: 'application/json',
      data: Buffer.from('{}'),
      alt: '',
      isSpoiler: false,
    };
    await adapter.deliver(
      address,
      { ...say('All of it'), files: [file] },
      { mode: 'private', key: 'x', isFinal: true },
    );
    await eventually(() => {
      const direct = fake.messages(fake.state.directChannel(ana.id).id);
      expect(direct.map((message) => message.pictures[0]?.name)).toEqual(['mydata.json']);
    });
    expect(fake.messages()).toEqual([]);
  });

  it('is how a person learns that the bot cannot write where they asked', async () => {
    const { fake, bot } = stage;
    const secret = fake.channel('secret', { kind: 'private', hasBot: false });
    await ana.slash('/imagine', 'a fox', secret.id);
    await eventually(() => {
      expect(ana.sees().map((message) => message.words)).toEqual([expect.stringContaining('/invite')]);
    });
    expect(bot.handled).toEqual([]);
  });
});

describe('places', () => {
  it('answers a button in the thread in which its message stands', async () => {
    const { fake, adapter } = stage;
    const head = fake.state.add({ channel: fake.general.id, text: 'about foxes', blocks: [], author: ana.id });
    const address = await asked();
    const inThread = { ...address, data: { ...address.data, ts: null, thread: head.ts } };
    await adapter.deliver(inThread, answer('x', 'Reroll'), FINAL);
    const before = fake.messages().length;
    const { address: reroll } = await pressed('Reroll');
    await adapter.deliver(reroll, answer('y', 'V1'), FINAL);
    expect(
      fake
        .messages()
        .slice(before)
        .map((message) => message.thread),
    ).toEqual([head.ts]);
  });

  it('removes a message with its picture, and does not mind when it is gone', async () => {
    const { fake, adapter } = stage;
    const address = await adapter.deliver(await asked(), answer('x', 'Delete'), FINAL);
    await adapter.remove(address);
    expect(fake.messages()).toEqual([]);
    expect(fake.state.files.size).toBe(0);
    await adapter.remove(address);
  });

  it('removes the message whose button was pressed, with its picture', async () => {
    const { fake, adapter, bot } = stage;
    await adapter.deliver(await asked(), answer('x', 'Delete'), FINAL);
    bot.acknowledge = () => 'update';
    const { address } = await pressed('Delete');
    await adapter.remove(address);
    expect(fake.messages()).toEqual([]);
    expect(fake.state.files.size).toBe(0);
  });

  it('posts into a channel by its id, once per key', async () => {
    const { fake, adapter } = stage;
    const audit = fake.channel('audit');
    await adapter.post({ server: 'slack:T0FAKE', id: audit.id }, answer('x'), 'audit-1');
    await adapter.post({ server: 'slack:T0FAKE', id: audit.id }, answer('x'), 'audit-1');
    expect(fake.messages(audit.id)).toHaveLength(1);
    await expect(adapter.post({ server: 'slack:T0FAKE', id: 'C404' }, say('x'), 'audit-2')).rejects.toThrow(
      'channel_not_found',
    );
  });

  it('notifies whom the message names, and nobody whom a prompt names', async () => {
    const { fake, adapter } = stage;
    const address = await asked();
    const user = stage.bot.handled[0]!.invocation.actor.user;
    const lines = [[{ kind: 'bold', text: '<!channel> <@U000001> @here *big* `x`' } as const]];
    await adapter.deliver(address, { ...say(), lines, notify: user }, { mode: 'new', key: 'n', isFinal: true });
    const message = fake.messages().at(-1);
    expect(message?.mentions).toEqual([ana.id]);
    expect(message?.words.replaceAll('\u2060', '')).toContain('<!channel> <@U000001> @here *big* `x`');
  });
});

function field(id: string) {
  return { id, label: id, value: 'a fox', isRequired: true, maxLength: 2000, isMultiline: true };
}
