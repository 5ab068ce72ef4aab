import { afterEach, describe, expect, it } from 'vitest';
import { decodePicture, PARAMETERS_KEYWORD, readPngTexts } from '../../../src/image/index.ts';
import { ada, bob, labelsOf, openWorld, type World, wordsOf } from '../world.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

describe('/imagine', () => {
  it('is answered with one grid, the words, the facts and the buttons', async () => {
    world = await openWorld();
    const at = await world.imagine('a fox on blue', { seed: 7, style: 'neon' });
    const answer = world.chat.at(at);
    expect(wordsOf(answer)[0]).toBe('a fox on blue · Ada');
    expect(answer.lines[0]?.map((span) => span.kind)).toEqual(['bold', 'plain', 'user']);
    expect(wordsOf(answer)[1]).toMatch(/^seed 7 · Neon · 4 steps · \d+\.\d s$/u);
    expect(labelsOf(answer)).toEqual([
      ['U1', 'U2', 'U3', 'U4', 'Reroll'],
      ['V1', 'V2', 'V3', 'V4', 'Remix'],
      ['Emoji', 'Info', 'Delete'],
    ]);
    const picture = await decodePicture(answer.picture!.data);
    expect([picture.width, picture.height]).toEqual([260, 260]);
    expect(answer.picture?.alt).toContain('a fox on blue');
    expect(answer.notify).toBeUndefined();
    expect(JSON.parse(readPngTexts(answer.picture!.data)[PARAMETERS_KEYWORD] ?? '')).toMatchObject({
      prompt: 'a fox on blue',
      seed: 7,
      style: 'Neon',
      model: 'moji',
    });
  });

  it('shows nothing of its own before an answer that comes at once', async () => {
    world = await openWorld();
    await world.imagine('a fox');
    expect(world.chat.history).toHaveLength(1);
    expect(world.chat.history[0]?.options).toMatchObject({ mode: 'edit', isFinal: true });
  });

  it('takes options from the end of the prompt', async () => {
    world = await openWorld();
    const at = await world.imagine('a fox --seed 9 --count 1 —style ink');
    expect(wordsOf(world.chat.at(at))).toEqual(['a fox · Ada', expect.stringMatching(/^seed 9 · Ink · 4 steps/u)]);
    expect(labelsOf(world.chat.at(at))).toEqual([
      ['U1', 'V1', 'Reroll', 'Remix'],
      ['Subtle', 'Strong', 'Emoji', 'Info', 'Delete'],
    ]);
  });

  it('puts the style’s words into the prompt that is drawn and not into the one that is shown', async () => {
    world = await openWorld();
    await world.imagine('a fox --style neon');
    const [job] = await world.stores.jobs.ofUser(ada.user);
    expect(job?.work).toMatchObject({
      request: { prompt: 'neon lights, a fox', styles: [{ id: 'neon', weight: 0.8 }] },
    });
    expect(job?.typed?.prompt).toBe('a fox');
  });

  it('keeps a job that is done and answered, and nothing open', async () => {
    world = await openWorld();
    await world.imagine('a fox');
    const [job] = await world.stores.jobs.ofUser(ada.user);
    expect(job).toMatchObject({ attempts: 1, state: { kind: 'done', isAnswered: true } });
    expect(await world.stores.jobs.open()).toEqual([]);
  });

  it.each([
    ['a fox --steps 99', 'Steps can be 1 to 8; you asked for 99. Leave it out and 4 are used.'],
    ['a fox --style neonn', 'This server has no style “neonn”. Did you mean neon?'],
    ['a fox --sed 7', 'There is no option --sed. Did you mean --seed?'],
    ['a fox --strength 0.5', 'Strength says how much of a picture is drawn anew'],
    ['gorey fox', 'This prompt has a word that is not drawn here: “gore*”.'],
    ['a n.u.d.e fox', '“nude” is drawn only in channels for adults.'],
  ])('refuses %j privately and keeps nothing', async (prompt, sentence) => {
    world = await openWorld();
    const at = await world.imagine(prompt);
    expect(world.chat.standing.has(at)).toBe(false);
    expect(wordsOf(world.chat.privately[0])[0]).toContain(sentence);
    expect(await world.stores.jobs.ofUser(ada.user)).toEqual([]);
  });

  it('handles a delivery that comes twice once', async () => {
    world = await openWorld();
    const action = { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } } as const;
    await Promise.all([
      world.act(ada, action, { id: 'same', at: 'x' }),
      world.act(ada, action, { id: 'same', at: 'x' }),
    ]);
    await world.act(ada, action, { id: 'same', at: 'x' });
    expect(world.chat.history).toHaveLength(1);
    expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(1);
  });

  it('is said to have failed in the same message, with a way to try again that costs nothing', async () => {
    const failing = { failPrompt: 'fox' };
    world = await openWorld({ runner: failing, options: { quota: { perUser: 4, perServer: undefined } } });
    const at = await world.imagine('a fox');
    expect(wordsOf(world.chat.at(at))[1]).toBe(
      'The device failed 3 times with this picture. Try a smaller size, or fewer pictures.',
    );
    expect(labelsOf(world.chat.at(at))).toEqual([['Try again']]);
    const [job] = await world.stores.jobs.ofUser(ada.user);
    expect(job).toMatchObject({ attempts: 3, state: { kind: 'failed', isAnswered: true } });
    await world.press(bob, at, 'Try again');
    expect(wordsOf(world.chat.privately[0])[0]).toContain('Only Ada');
    await world.press(ada, at, 'Try again');
    expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(2);
  });
});
