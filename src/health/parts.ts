/** The parts of a bot that can tell how they are: its chats and its runners. */
import type { Adapter } from '../core/chat.ts';
import type { Runner } from '../core/work.ts';
import type { Part } from './health.ts';

export function adapterParts(adapters: readonly Adapter[]): readonly Part[] {
  return adapters.map((adapter) => ({ name: adapter.platform, state: () => adapter.readiness() }));
}

/** One part over all devices: a bot with one of two devices left still draws. */
export function runnerPart(runner: Runner): Part {
  return {
    name: 'runner',
    state: () => {
      const devices = runner.health();
      return {
        isReady: devices.some(({ state }) => state === 'ready'),
        detail: devices.map(({ device, state, active }) => `${device}: ${state}, ${active} active`).join('; '),
      };
    },
  };
}
