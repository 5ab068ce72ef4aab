/** Pictures that can be cut out, or cannot: a dark block on white, or noise. Everything else is the stub runner's. */
import type { Picture } from '../../src/core/picture.ts';
import type { Runner } from '../../src/core/work.ts';
import { createStubRunner } from './stub-runner.ts';

/** Prompts that hold this word get noise. */
export const SCENE = 'city';

export function plainRunner(options: Parameters<typeof createStubRunner>[0] = {}): Runner {
  const stub = createStubRunner(options);
  return {
    health: () => stub.health(),
    close: (limitMs) => stub.close(limitMs),
    async *run(work, signal) {
      const isPlain = work.kind !== 'imagine' || !work.request.prompt.includes(SCENE);
      for await (const event of stub.run(work, signal)) {
        yield event.kind === 'picture' ? { ...event, picture: drawing(event.picture, isPlain) } : event;
      }
    },
  };
}

function drawing({ width, height }: Picture, isPlain: boolean): Picture {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, n) => (isPlain ? 255 : (n * 89) % 256));
  const rows = isPlain ? Array.from({ length: height / 4 }, (_, k) => height / 4 + k) : [];
  for (const y of rows) {
    data.fill(40, (y * width + width / 4) * 3, (y * width + width / 2) * 3);
  }
  return { width, height, data };
}
