/** Pictures for a style to be learnt from, as files that people upload. */
import { encodePng } from '../../src/image/index.ts';

export type PictureFile = { readonly name: string; readonly contentType: string; readonly data: Uint8Array };

/** Different ones, `sidePx` a side, called by what they show. */
export async function pictureFiles(count: number, from = 0, sidePx = 48): Promise<readonly PictureFile[]> {
  const names = ['red-fox', 'blue-cat', 'old-tree', 'small-house', 'green-fish', 'tall-ship', 'white-owl'];
  return Promise.all(
    Array.from({ length: count }, async (_, k) => {
      const shade = (k + from) * 11;
      const data = Uint8Array.from({ length: 3 * sidePx * sidePx }, (__, i) => (i * 7 + shade) % 256);
      const name = `${names[(k + from) % names.length]}-${k + from}.png`;
      return { name, contentType: 'image/png', data: (await encodePng({ width: sidePx, height: sidePx, data })).data };
    }),
  );
}
