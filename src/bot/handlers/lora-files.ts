/** The LoRA files of styles: brought by an admin, kept while some style uses them. */
import { basename } from 'node:path';
import type { Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { ServerKey } from '../../core/people.ts';
import { receiveLora, type ReceivedFile } from '../../store/index.ts';
import type { BotContext } from '../context.ts';
import type { LoraFacts } from '../ports.ts';
import { refusal } from '../refusal.ts';

const MB = 1_048_576;

/** A LoRA that no server's style uses is not kept. */
export async function removeUnused(context: BotContext, sha256: string): Promise<void> {
  if (!(await context.stores.styles.usesFile(sha256))) {
    await context.stores.files.remove(context.stores.files.pathOf('loras', sha256, '.safetensors'));
  }
}

/**
 * Brings a LoRA and looks into it before it is kept: of one that is refused nothing stays, not even where the process
 * is killed meanwhile. Throws `UserError` `style.busy`, `style.room`, `lora.*`, and what `check` throws.
 */
export async function bringStyle(
  context: BotContext,
  server: ServerKey,
  source: Upload | string,
  check: (found: LoraFacts) => void,
): Promise<{ readonly sha256: string; readonly found: LoraFacts }> {
  const { files } = context.stores;
  const limitBytes = context.options.maxLoraBytes;
  return await context.hands.styles.during(server, async () => {
    const received =
      typeof source === 'string'
        ? await context.loras.fetch(source)
        : await receiveLora(source.stream(limitBytes), { files, limitBytes });
    try {
      await requireRoom(context, server, received);
      const found = await context.loras.inspect(received.path).catch((error: unknown) => {
        throw named(error, basename(received.path), typeof source === 'string' ? basename(source) : source.name);
      });
      check(found);
      await files.adopt(received.path, files.pathOf('loras', received.sha256, '.safetensors'));
      return { sha256: received.sha256, found };
    } finally {
      await files.remove(received.path);
    }
  });
}

/** Throws `UserError` `style.room` where the server's styles, or all there are, would weigh more than they may. */
export async function requireRoom(
  { stores, options }: Pick<BotContext, 'stores' | 'options'>,
  server: ServerKey,
  added: Pick<ReceivedFile, 'sha256' | 'bytes'>,
): Promise<void> {
  const weigh = async (hashes: ReadonlySet<string>): Promise<number> => {
    const others = [...hashes].filter((hash) => hash !== added.sha256);
    const sizes = await Promise.all(
      others.map((hash) => stores.files.sizeOf(stores.files.pathOf('loras', hash, '.safetensors'))),
    );
    return sizes.reduce((sum, size) => sum + size, added.bytes);
  };
  const bounds = [
    [await weigh(await stores.styles.files(server)), options.maxLoraBytesOfServer],
    [await weigh(await stores.styles.files()), options.maxLoraBytesOfAll],
  ] as const;
  const [over] = bounds.filter(([bytes, max]) => bytes > max);
  if (over !== undefined) {
    throw refusal('style.room', { bytes: Math.ceil(over[0] / MB), max: Math.floor(over[1] / MB) });
  }
}

/** What was wrong with a temporary file, said of the file that somebody knows. */
function named(error: unknown, temporary: string, name: string): unknown {
  if (!(error instanceof UserError)) {
    return error;
  }
  const known = (value: string): string => value.replaceAll(temporary, name);
  const params = Object.entries(error.params).map(([key, value]) => [
    key,
    typeof value === 'string' ? known(value) : value,
  ]);
  return new UserError(error.code, known(error.message), { params: Object.fromEntries(params), cause: error });
}
