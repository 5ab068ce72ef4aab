/**
 * What is said while the bot is away: kept in this browser, shown as waiting, and sent in its order once the bot is back.
 * Files are kept as long as the page is open; words outlive it. Each has a name, so that what arrived without our hearing
 * of it is not done twice.
 */
import { act } from './api.js';
import { kept } from './dom.js';

const newEvent = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join('-');

export function createOutbox({ waiting, answered, fault }) {
  const queue = kept.read('outbox', []).map(({ event = newEvent(), ...action }) => ({ event, action, files: {} }));
  let isSending = false;

  function save() {
    kept.write(
      'outbox',
      queue.filter(({ files }) => Object.keys(files).length === 0).map(({ event, action }) => ({ event, ...action })),
    );
    waiting(queue.length);
  }

  async function flush() {
    if (isSending) {
      return;
    }
    isSending = true;
    try {
      while (queue.length > 0) {
        const [{ event, action, files }] = queue;
        try {
          answered(action, await act(action, files, event));
        } catch (error) {
          if (error.isAway) {
            return;
          }
          fault(error);
        }
        queue.shift();
        save();
      }
    } finally {
      isSending = false;
      save();
    }
  }

  return {
    send(action, files = {}) {
      queue.push({ event: newEvent(), action, files });
      return flush();
    },
    flush,
  };
}
