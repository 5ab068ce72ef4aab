import { describe, expect, it } from 'vitest';

import { parseCommandLine } from '../../commands/command-line.ts';

describe('parseCommandLine', () => {
  it('takes two words for the name where there is such a command', () => {
    const { spec, options } = parseCommandLine('/style add neon --weight 0.8');
    expect([spec.name, options]).toEqual(['style add', { name: 'neon', weight: 0.8 }]);
  });

  it('gives the rest to the grammar', () => {
    expect(parseCommandLine('/imagine a fox --seed 0').options).toEqual({ prompt: 'a fox', seed: 0 });
    expect(parseCommandLine('/queue').spec.name).toBe('queue');
  });

  it('offers the closest name for an unknown one', () => {
    expect(() => parseCommandLine('/imagin a fox')).toThrow(/no command \/imagin a\. Did you mean \/imagine\?/);
    expect(() => parseCommandLine('/xyzzy')).toThrow(/Type \/ to see them all/);
  });
});
