/**
 * What is said while the bot is away: kept in this browser, shown as waiting, and sent in its order once the bot is back.
 * Files are kept as long as the page is open; words outlive it.
 */
import { act } from './api.js';
import { kept } from './dom.js';

export function createOutbox({ waiting, answered, fault }) {
  const queue = kept.read('outbox', []).map((action) => ({ action, files: {} }));
  let isSending = false;

  function save() {
    kept.write(
      'outbox',
      queue.filter(({ files }) => Object.keys(files).length === 0).map(({ action }) => action),
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
        const [{ action, files }] = queue;
        try {
          answered(action, await act(action, files));
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
      queue.push({ action, files });
      return flush();
    },
    flush,
  };
}
