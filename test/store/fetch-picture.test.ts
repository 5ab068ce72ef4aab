/** Pictures at addresses that people type: the open internet, within bounds, and nothing of the operator's network. */
import { describe, expect, it } from 'vitest';

import { readUpload } from '../../src/core/command.ts';
import { pictureAt } from '../../src/store/index.ts';

describe('a picture at an address', () => {
  it.each(['http://example.org/a.png', 'file:///etc/passwd', 'https://user:word@example.org/a.png', 'a fox'])(
    '%s is refused before anything is asked',
    (address) => {
      expect(() => pictureAt(address)).toThrow('A picture’s address begins with https://');
    },
  );

  it.each(['127.0.0.1', '10.0.0.8', '169.254.169.254', '::1'])('that leads to %s is not fetched', async (address) => {
    const picture = pictureAt('https://pictures.test/a.png', { resolve: async () => [address] });
    await expect(readUpload(picture, 1000)).rejects.toMatchObject({ code: 'image.private' });
  });

  it('of a host that nobody knows is said to be out of reach', async () => {
    const picture = pictureAt('https://pictures.test/a.png', { resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    await expect(readUpload(picture, 1000)).rejects.toMatchObject({ code: 'image.unreachable' });
  });
});
