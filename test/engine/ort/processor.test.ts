import { describe, expect, it } from 'vitest';

import { instructionsIn } from '../../../src/engine/ort/processor.ts';

describe('what Linux says of a processor', () => {
  it.each([
    ['flags\t\t: fpu avx2 avx512f avx512_vnni fsrm', 'avx512_vnni'],
    ['flags\t\t: fpu avx2 avx_vnni', 'avx_vnni'],
    ['flags\t\t: fpu amx_tile amx_int8', 'amx_int8'],
    ['Features\t: fp asimd asimddp i8mm bf16', 'i8mm'],
    ['flags\t\t: fpu avx2 avx512f', undefined],
    ['Features\t: fp asimd', undefined],
    ['', undefined],
  ])('finds in "%s" its products of 8 bits', (line, found) => {
    expect(instructionsIn(`processor\t: 0\n${line}\nbogomips\t: 5000\n`)).toBe(found);
  });
});
