/** The order in which edits of one message are carried out. */
import { describe, expect, it } from 'vitest';

import { EditLock } from '../../../src/adapters/shared/edit-lock.ts';
import { gate } from '../../support/gate.ts';

describe('an edit lock', () => {
  it('lets the newest progress wait and drops the ones between', async () => {
    const lock = new EditLock();
    const { resolve: open, promise: opened } = gate();
    const order: string[] = [];
    const edit = (name: string, before = Promise.resolve()) =>
      lock.progress('m', async () => {
        await before;
        order.push(name);
        return name;
      });
    const edits = [edit('first', opened), edit('second'), edit('third')];
    open();
    expect(await Promise.all(edits)).toEqual(['first', undefined, 'third']);
    expect(order).toEqual(['first', 'third']);
  });

  it('overtakes progress with a final edit, which waits for it to end', async () => {
    const lock = new EditLock();
    const order: string[] = [];
    const progress = lock.progress('m', async (overtaken) => {
      await new Promise<void>((resolve) => {
        overtaken.addEventListener('abort', () => resolve());
      });
      order.push('stopped');
      throw new Error('stopped half way');
    });
    const waiting = lock.progress('m', async () => order.push('never'));
    const final = lock.final('m', async () => {
      order.push('final');
      return 'answer';
    });
    expect(await Promise.all([progress, waiting, final])).toEqual([undefined, undefined, 'answer']);
    expect(order).toEqual(['stopped', 'final']);
  });

  it('does not drop final edits, and keeps messages apart', async () => {
    const lock = new EditLock();
    const { resolve: open, promise: opened } = gate();
    const order: string[] = [];
    const edits = [
      lock.final('m', async () => {
        await opened;
        order.push('m1');
      }),
      lock.final('m', async () => void order.push('m2')),
      lock.final('n', async () => void order.push('n')),
    ];
    await edits[2];
    open();
    await Promise.all(edits);
    expect(order).toEqual(['n', 'm1', 'm2']);
  });

  it('throws what an edit throws and goes on; is idle once all have ended', async () => {
    const lock = new EditLock();
    const failing = lock.final('m', async () => {
      throw new Error('refused');
    });
    const next = lock.final('m', async () => 'next');
    await expect(failing).rejects.toThrow('refused');
    expect(await next).toBe('next');
    await lock.idle();
  });
});
