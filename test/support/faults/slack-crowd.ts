/** The crowd in Slack: one workspace, in which everybody has a channel, and Socket Mode. */
import { readSlash } from '../../../src/adapters/slack/payload.ts';
import { jobIdOf } from '../../../src/bot/jobs/ids.ts';
import { text } from '../../../src/bot/texts/index.ts';
import { FakeSlack } from '../slack/fake-slack.ts';
import { type Seen, seen } from '../slack/screen.ts';
import type { StoredMessage } from '../slack/state.ts';
import type { Asked, Crowd, Sight } from './crowd.ts';

/** What stands there until the answer does. */
const FIRST_LINE = text('en', 'wait.begin');

export async function slackCrowd(size: number): Promise<Crowd> {
  const fake = await FakeSlack.start();
  const { state, tokens, apiUrl } = fake;
  const people = Array.from({ length: size }, (_, k) => ({
    person: fake.person(`person ${k}`),
    channel: fake.channel(`pictures ${k}`).id,
  }));
  // Looked through at every change; an edit brings new blocks.
  const known = new WeakMap<object, string>();
  const written = (json: unknown): string => {
    if (typeof json !== 'object' || json === null) {
      return '';
    }
    const text = known.get(json) ?? JSON.stringify(json);
    known.set(json, text);
    return text;
  };
  const sightOf = (message: StoredMessage): Sight => sightOfSeen(seen(message, state));
  return {
    assignment: { platform: 'slack', botToken: tokens.bot, appToken: tokens.app, apiUrl },
    isConnected: () => fake.socket.isOpen,
    ask: (k, prompt): Asked => {
      const { person, channel } = people[k]!;
      const since = state.ts();
      const askedAtMs = Date.now();
      const outcome = person.slash('/imagine', `${prompt} --count 1`, channel);
      const standing = () => state.messages.since(channel, since);
      const isAbout = ({ blocks }: StoredMessage) => written(blocks).includes(`*${prompt}*`);
      // Its first line has no words of its own, but names the delivery.
      const isFirstLine = (message: StoredMessage) => written(message.metadata).includes(delivery);
      const delivery = readSlash(fake.deliveries.last?.body)?.source.id ?? '';
      return {
        prompt,
        askedAtMs,
        heard: outcome.then(({ isAcknowledged, ms }) => (isAcknowledged ? ms : undefined)),
        answers: () =>
          standing()
            .filter((message) => message.onlyFor !== undefined || isAbout(message) || isFirstLine(message))
            .map(sightOf),
        shown: () => standing().filter(isAbout).map(sightOf),
        marks: [delivery, jobIdOf('slack', delivery), channel],
      };
    },
    sees: (k) => state.messages.in(people[k]!.channel).map(sightOf),
    until: (...wanted) => state.until(...wanted),
    changed: () => {
      state.changed();
    },
    drop: () => {
      fake.socket.dropAll();
    },
    deliver: (times) => {
      fake.deliveries.isDoubling = times === 2;
    },
    loseAnswers: () => {
      for (const method of ['chat.postMessage', 'chat.update', 'files.completeUploadExternal']) {
        fake.faults.next(method, { kind: 'reset', when: 'after' }, 3);
      }
    },
    refuseSome: () => {
      for (const method of ['chat.postMessage', 'chat.update', 'files.getUploadURLExternal']) {
        fake.faults.next(method, { kind: 'rate-limit', retryAfterS: 1 }, 2);
        fake.faults.next(method, { kind: 'status', status: 503 }, 2);
      }
    },
    requests: (marks) =>
      fake.calls
        .filter(({ args }) => marks.some((mark) => Object.values(args).some((value) => value.includes(mark))))
        .map(
          ({ atMs, method, args }) =>
            `${new Date(atMs).toISOString()} ${method} ${args['ts'] ?? ''} ${args['text'] ?? ''} ${args['metadata'] ?? ''}`,
        ),
    stop: () => fake.stop(),
  };
}

function sightOfSeen(message: Seen): Sight {
  const isEnded = !message.words.includes(FIRST_LINE) && !message.buttons.some(({ label }) => label.includes('Cancel'));
  return {
    id: message.ts,
    text: message.words,
    isEnded,
    isPicture:
      isEnded && message.pictures.length === 1 && message.buttons.some(({ label }) => label.includes('Reroll')),
    picture: message.pictures[0]?.data,
  };
}
