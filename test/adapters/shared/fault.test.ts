/** The sentence for what went wrong, and what the operator finds. */
import { expect, it } from 'vitest';

import { faultMessage } from '../../../src/adapters/shared/fault.ts';
import { UserError } from '../../../src/core/errors.ts';

it('names a fault of ours by the number under which it is logged, and logs no mistake of theirs', () => {
  const logged: { readonly fault?: string }[] = [];
  const log = { error: (fields: object) => void logged.push(fields) };
  const [span] = faultMessage(new Error('broken'), 'en', log).lines[0] ?? [];
  expect(logged).toHaveLength(1);
  expect(span).toMatchObject({ kind: 'plain', text: expect.stringContaining(logged[0]?.fault ?? '?') });
  const [theirs] = faultMessage(new UserError('allowed.admin', 'Only admins.'), 'de', log).lines[0] ?? [];
  expect(theirs).toMatchObject({ text: expect.stringContaining('Admins') });
  expect(logged).toHaveLength(1);
});
