/** Attached files: from Discord's own store alone, whole or not at all. */
import { describe, expect, it } from 'vitest';

import { uploadFrom } from '../../../src/adapters/discord/uploads.ts';
import { readUpload, type Upload } from '../../../src/core/command.ts';
import { stage } from '../discord/scripted-bot.ts';
import type { Stage } from '../discord/scripted-bot.ts';

async function attached({ fake, bot }: Stage, bytes: number): Promise<Upload> {
  const next = bot.next();
  const image = { name: 'start.png', contentType: 'image/png', data: new Uint8Array(bytes).fill(9) };
  fake.user('ann').slash('imagine', { prompt: 'a fox', image });
  const { action } = (await next).invocation;
  const value = action.kind === 'command' ? action.options['image'] : undefined;
  if (typeof value !== 'object') {
    throw new Error('expected an upload');
  }
  return value;
}

describe('an attached file', () => {
  it('is fetched when it is read', async () => {
    const set = await stage();
    const upload = await attached(set, 3000);
    expect(upload).toMatchObject({ name: 'start.png', sizeBytes: 3000 });
    expect(await readUpload(upload, 3000)).toEqual(new Uint8Array(3000).fill(9));
  });

  it('is refused when it is larger than allowed', async () => {
    const set = await stage();
    await expect(readUpload(await attached(set, 3000), 2999)).rejects.toMatchObject({ code: 'upload.size' });
  });

  it('is not believed when it is larger than it says', async () => {
    const set = await stage();
    const { url } = await fileUrl(set, 3000);
    const liar = uploadFrom(set.fake.cdnUrl, { filename: 'liar.png', size: 10, url });
    await expect(readUpload(liar, 2000)).rejects.toMatchObject({ code: 'upload.size' });
  });

  it('whose signed address has expired is asked for again', async () => {
    const set = await stage();
    const upload = await attached(set, 10);
    set.fake.world.clock.skip(25 * 3_600_000);
    await expect(readUpload(upload, 10)).rejects.toMatchObject({ code: 'upload.gone' });
  });

  it('that cannot be fetched just now says so', async () => {
    const set = await stage();
    const upload = await attached(set, 10);
    set.fake.faults.order({ path: /^\/cdn\// }, { kind: 'reset', moment: 'before' });
    await expect(readUpload(upload, 10)).rejects.toMatchObject({ code: 'upload.unreachable' });
    set.fake.faults.order({ path: /^\/cdn\// }, { kind: 'status', status: 502 });
    await expect(readUpload(upload, 10)).rejects.toMatchObject({ code: 'upload.unreachable' });
    await expect(readUpload(upload, 10)).resolves.toHaveLength(10);
  });

  it.each([
    'http://127.0.0.1:1/cdn/attachments/1/2/x.png',
    'https://cdn.discordapp.com.evil.test/x.png',
    'https://cdn.discordapp.com@evil.test/x.png',
    'https://user:pass@cdn.discordapp.com/x.png',
    'http://cdn.discordapp.com/x.png',
    'file:///etc/passwd',
    'nonsense',
  ])('that lies at %s is not fetched', async (url) => {
    const upload = uploadFrom('https://cdn.discordapp.com', { filename: 'x.png', size: 1, url });
    await expect(readUpload(upload, 10)).rejects.toMatchObject({ code: 'upload.host' });
  });

  it('outside the folder that is allowed is not fetched, whatever its path pretends', async () => {
    const upload = uploadFrom('https://cdn.test/files', {
      filename: 'x.png',
      size: 1,
      url: 'https://cdn.test/files/../secret',
    });
    await expect(readUpload(upload, 10)).rejects.toMatchObject({ code: 'upload.host' });
  });
});

async function fileUrl(set: Stage, bytes: number): Promise<{ readonly url: string }> {
  const file = { id: '123', name: 'x.png', contentType: 'image/png', data: new Uint8Array(bytes), alt: '' };
  set.fake.rest.uploads.set(file.id, file);
  return { url: String(set.fake.messages.attachmentJson(file, '1')['url']) };
}
