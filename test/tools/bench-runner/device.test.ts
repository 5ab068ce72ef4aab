/** The simulated device: rows that share its calls. */
import { describe, expect, it } from 'vitest';

import { createRunner, NO_DEVICE } from '../../../src/tools/bench-runner/device.ts';
import { eventsOf, imagine } from '../../support/work.ts';

describe('a simulated device', () => {
  it('lets works share its calls, up to the rows that it holds', async () => {
    const device = await createRunner({ curve: NO_DEVICE, maxRows: 4 });
    const works = Array.from({ length: 4 }, (_, k) => imagine({ steps: 5 }, `${k}`));
    const all = await Promise.all(works.map((work) => eventsOf(device.run(work, new AbortController().signal))));
    expect(all.map((events) => events.filter(({ kind }) => kind === 'step').length)).toEqual([5, 5, 5, 5]);
    const batches = device.health()[0]?.batches;
    expect(batches).toMatchObject({ rows: 20, maxRows: 4 });
    // Four rows a call when all are in step; joining may cost each work a call of its own.
    expect(batches?.calls).toBeGreaterThanOrEqual(5);
    expect(batches?.calls).toBeLessThanOrEqual(9);
  });

  it('refuses a curve that is none, naming the field', async () => {
    await expect(
      createRunner({ curve: { name: 'x', source: 'a test', stepMs: { one: 1 } }, maxRows: 4 }),
    ).rejects.toThrow(/stepMs/);
  });
});
