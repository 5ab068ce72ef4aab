/** Forms in the fake workspace: opened within the trigger's three seconds, filled in, submitted, checked anew. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readUpload, type Upload } from '../../../src/core/command.ts';
import { UserError } from '../../../src/core/errors.ts';
import type { Form } from '../../../src/core/message.ts';
import type { Json } from '../../support/slack/json.ts';
import type { Person } from '../../support/slack/person.ts';
import { button, eventually, FINAL, say, setStage, type Stage } from './stage.ts';

let stage: Stage;
let ana: Person;

beforeEach(async () => {
  stage = await setStage();
  ana = stage.fake.person('Ana', { isAdmin: true });
});

afterEach(async () => {
  await stage.end();
});

const remix: Form = {
  id: '1.remix.job',
  title: 'Remix the picture with other words',
  submit: 'Draw',
  fields: [
    { id: 'prompt', label: 'Prompt', value: 'a fox', isRequired: true, maxLength: 2000, isMultiline: true },
    { id: 'options', label: 'Options', value: '', isRequired: false, maxLength: 1500, isMultiline: false },
  ],
};

async function opened(): Promise<Json> {
  await eventually(() => {
    expect(ana.view()).toBeDefined();
  });
  return ana.view()!;
}

async function handled(count = 1): Promise<Stage['bot']['handled'][number]> {
  await eventually(() => {
    expect(stage.bot.handled.length).toBeGreaterThanOrEqual(count);
  });
  return stage.bot.handled[count - 1]!;
}

/** A public answer with a button, as after a finished job. */
async function standingAnswer(): Promise<void> {
  const { bot, adapter } = stage;
  await ana.slash('/imagine', 'a fox');
  const { address } = await handled();
  await adapter.deliver(address, { ...say('a fox'), rows: [[button('1.remix.job', 'Remix')]] }, FINAL);
  bot.handled.length = 0;
}

describe('a form of the bot', () => {
  it('opens prefilled, and what is typed comes back with the place it was opened in', async () => {
    const { bot, fake } = stage;
    await standingAnswer();
    bot.acknowledge = (action) => (action.kind === 'button' ? 'form' : 'public');
    bot.onForm = () => Promise.resolve(remix);
    await ana.press('Remix');
    expect(JSON.stringify(await opened())).toContain('"initial_value":"a fox"');
    await ana.submit({ prompt: 'a hen <on> red & blue' });
    const { invocation } = await handled();
    expect(invocation.action).toEqual({
      kind: 'form',
      id: '1.remix.job',
      fields: { prompt: 'a hen <on> red & blue' },
    });
    expect(invocation.place.channel).toBe(fake.general.id);
    // The answer is a message of its own; the pressed one stays.
    expect(fake.messages()).toHaveLength(2);
  });

  it('that the bot refuses is explained privately', async () => {
    const { bot } = stage;
    await standingAnswer();
    bot.acknowledge = () => 'form';
    bot.onForm = () => Promise.reject(new UserError('job.unknown', 'This picture is no longer known.'));
    await ana.press('Remix');
    await eventually(() => {
      expect(ana.sees().at(-1)).toMatchObject({ isPrivate: true, words: expect.stringContaining('no longer known') });
    });
  });

  it('that comes too late for its trigger is explained privately', async () => {
    const { bot, fake } = stage;
    await standingAnswer();
    bot.acknowledge = () => 'form';
    bot.onForm = () => {
      fake.state.advance(3100);
      return Promise.resolve(remix);
    };
    await ana.press('Remix');
    await eventually(() => {
      expect(ana.sees().at(-1)?.words).toContain('too late');
    });
    expect(ana.view()).toBeUndefined();
  });

  it('of a private panel edits that panel', async () => {
    const { bot, adapter } = stage;
    bot.acknowledge = () => 'private';
    await ana.slash('/settings');
    const { address } = await handled();
    const panel = { ...say('Words: none'), rows: [[button('1.panel.words-form', 'Words')]] };
    await adapter.deliver(address, panel, { mode: 'edit', key: 'panel', isFinal: true });
    bot.acknowledge = (action) => (action.kind === 'button' ? 'form' : 'update');
    bot.onForm = () => Promise.resolve({ ...remix, id: '1.panel.words-form' });
    await ana.press('Words');
    await opened();
    await ana.submit({ prompt: 'gore' });
    const submitted = await handled(2);
    await adapter.deliver(submitted.address, say('Words: gore'), { mode: 'edit', key: 'changed', isFinal: true });
    expect(ana.sees().map((message) => message.words)).toEqual(['Words: gore']);
    // An error beside it leaves the panel where it is.
    await adapter.deliver(submitted.address, say('No.'), { mode: 'private', key: 'no', isFinal: true });
    expect(ana.sees().map((message) => message.words)).toEqual(['Words: gore', 'No.']);
  });
});

describe('a command that lacks something', () => {
  it('asks for it in a form made from its options, keeps what was typed, and becomes that command', async () => {
    const { bot } = stage;
    await ana.slash('/imagine', '--seed 7 --style neon');
    const view = await opened();
    expect(view['callback_id']).toBe('command:imagine');
    await ana.submit({ prompt: 'a fox', count: '2', strength: '0.4', quality: 'draft' });
    const { invocation } = await handled();
    expect(invocation.action).toEqual({
      kind: 'command',
      name: 'imagine',
      options: { prompt: 'a fox', seed: 7, style: 'neon', count: 2, strength: 0.4, quality: 'draft' },
    });
    expect(bot.handled).toHaveLength(1);
  });

  it('takes a file through the form, fetched with the token and no further than allowed', async () => {
    const { fake } = stage;
    await ana.slash('/style', 'add neon --weight 0.8');
    await opened();
    await ana.submit({ file: { file: ana.upload('neon.safetensors', Buffer.from('0123456789')) } });
    const { invocation } = await handled();
    const { action } = invocation;
    expect(action).toMatchObject({ kind: 'command', name: 'style add', options: { name: 'neon', weight: 0.8 } });
    const file = uploadOf(action);
    expect([file.name, file.sizeBytes]).toEqual(['neon.safetensors', 10]);
    expect(Buffer.from(await readUpload(file, 100)).toString()).toBe('0123456789');
    await expect(readUpload(file, 5)).rejects.toMatchObject({ code: 'upload.size' });
    fake.tokens.bot = 'xoxb-another';
    await expect(readUpload(file, 100)).rejects.toMatchObject({ code: 'upload.unreachable' });
  });

  it('fetches nothing from elsewhere, wherever the payload points', async () => {
    await ana.slash('/style', 'add neon');
    await opened();
    const stored = ana.upload('neon.safetensors', Buffer.from('x'));
    await ana.submit({ file: { file: stored } });
    const { invocation } = await handled();
    const { uploadFrom: build } = await import('../../../src/adapters/slack/uploads.ts');
    expect(uploadOf(invocation.action).name).toBe('neon.safetensors');
    for (const url of [
      'https://example.com/neon.safetensors',
      'https://files.slack.com.example.com/x',
      'http://files.slack.com/x',
      'https://files.slack.com@example.com/x',
      'https://user@files.slack.com/x',
      'file:///etc/passwd',
      '',
    ]) {
      const upload = build(
        { name: 'x', size: 1, url_private: url },
        { token: { current: async () => 'xoxb', renewed: async () => false }, apiUrl: 'https://slack.com/api' },
      );
      await expect(readUpload(upload, 100)).rejects.toMatchObject({ code: 'upload.host' });
    }
  });

  it('is not asked for what only admins may give: the bot says so at once', async () => {
    const { fake, bot } = stage;
    const ben = fake.person('Ben');
    await ben.slash('/style', 'add neon');
    await eventually(() => {
      expect(bot.handled).toHaveLength(1);
    });
    expect(ben.view()).toBeUndefined();
    expect(bot.handled[0]?.invocation.actor.isAdmin).toBe(false);
  });

  it('asks Slack anew who is an admin when the form is submitted', async () => {
    const { fake } = stage;
    await ana.slash('/style', 'add neon');
    await opened();
    fake.state.people.get(ana.id)!.isAdmin = false;
    await ana.submit({ url: 'https://example.com/neon.safetensors' });
    const { invocation } = await handled();
    expect(invocation.actor.isAdmin).toBe(false);
  });

  it('offers what the bot suggests while a style is typed', async () => {
    const { bot } = stage;
    bot.onSuggest = (option, partial) => [{ value: `${option}-${partial}`, label: 'Neon · glowing' }];
    await ana.slash('/imagine');
    await opened();
    const outcome = await ana.suggestions('style', 'ne');
    expect(outcome.body).toEqual({
      options: [{ text: { type: 'plain_text', text: 'Neon · glowing' }, value: 'style-ne' }],
    });
  });
});

describe('who is an admin', () => {
  it('is nobody while Slack does not say, no guest, and nobody of another workspace', async () => {
    const { fake, bot } = stage;
    fake.faults.next('users.info', { kind: 'error', code: 'user_not_found' });
    await ana.slash('/queue');
    expect((await handled()).invocation.actor).toMatchObject({ name: 'Ana', isAdmin: false });
    await fake.person('Guest', { isAdmin: true, isGuest: true }).slash('/queue');
    expect((await handled(2)).invocation.actor.isAdmin).toBe(false);
    await ana.slash('/queue');
    expect((await handled(3)).invocation.actor.isAdmin).toBe(true);
    expect(bot.handled).toHaveLength(3);
  });
});

describe('a message shortcut', () => {
  it('names the job by the buttons of the message it was used on', async () => {
    const { bot } = stage;
    await standingAnswer();
    bot.acknowledge = () => 'private';
    await ana.shortcut('info', stage.fake.messages()[0]!);
    const { invocation } = await handled();
    expect(invocation.action).toEqual({ kind: 'message', name: 'info', buttonIds: ['1.remix.job'] });
  });
});

describe('a select', () => {
  it('gives its id and what was chosen', async () => {
    const { bot, adapter } = stage;
    bot.acknowledge = () => 'private';
    await ana.slash('/settings');
    const { address } = await handled();
    const choices = [
      { value: 'moji', label: 'Moji', isSelected: true },
      { value: 'sd15', label: 'Stable Diffusion 1.5', isSelected: false },
    ];
    const row = [{ kind: 'select' as const, id: '1.panel.model', placeholder: 'Model', choices }];
    await adapter.deliver(address, { ...say('Settings'), rows: [row] }, { mode: 'edit', key: 'panel', isFinal: true });
    expect(ana.sees()[0]?.selects[0]?.selected).toBe('moji');
    await ana.choose('Stable');
    expect((await handled(2)).invocation.action).toMatchObject({
      kind: 'select',
      id: '1.panel.model',
      values: ['sd15'],
    });
  });
});

function uploadOf(action: unknown): Upload {
  return (action as { options: { file: Upload } }).options.file;
}
