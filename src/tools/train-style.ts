/**
 * `fourstep style train`: a style learnt from pictures on this machine, kept as a preset or written to a file. A run that
 * was cut off goes on when the same command comes again.
 */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';

import type { Config } from '../../config/load.ts';
import { withTrigger } from '../../commands/prompt-words.ts';
import { idFrom } from '../../models/catalog-entries.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { Streams, StyleTrainOptions } from '../adapters/cli/actions.ts';
import { UserError } from '../core/errors.ts';
import { checkPictures, wordsOfName } from '../core/training-pictures.ts';
import { coverPicture, decodePicture } from '../image/index.ts';
import { learnStyle } from '../start/learn-style.ts';
import { openCatalog } from '../start/open-engine.ts';
import { stopOnSignal } from '../start/stop-on-signal.ts';
import { openLatentShards, type TextLearning } from '../train/index.ts';
import { recipeFrom } from './recipe-file.ts';
import { drawPreview } from './train-preview.ts';
import { ProgressLine } from './train-progress.ts';

const SAVE_EVERY = 100;

export async function trainStyleFromFiles(
  config: Config,
  files: readonly string[],
  options: StyleTrainOptions,
  streams: Streams,
): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const model = await catalog.find(options.model ?? config.model);
  const manifest = await describeModel(model);
  const id = idFrom(options.name);
  if (options.out === undefined) {
    await catalog.checkStyleFree(id, model.id);
  }
  const { width, height } = options.size ?? manifest.defaults;
  const size = { width, height };
  const word = newWordOf(options);
  const trigger = word?.word ?? options.trigger;
  const pictures = await Promise.all(files.map((file) => readTrainingPicture(file, trigger)));
  const latents = options.latents === undefined ? undefined : await openLatentShards(resolve(options.latents));
  if (latents === undefined) {
    checkPictures(pictures, size);
  }

  const stop = stopOnSignal();
  const folder = join(config.dataFolder, 'training-runs', id);
  const file = resolve(options.out ?? join(folder, 'style.safetensors'));
  const progress = new ProgressLine(streams.print, options.json === true);
  try {
    const seed = options.seed ?? 0;
    const events = learnStyle({
      ...size,
      dataFolder: config.dataFolder,
      model: model.id,
      title: options.name,
      trigger,
      seed,
      steps: options.steps,
      rank: options.rank,
      latents,
      recipe: (usual) => recipeFrom(options.recipe, usual),
      wordFile: options.wordFile === undefined ? undefined : resolve(options.wordFile),
      text: { matrices: options.text === true, word },
      rounds: 1,
      date: new Date().toISOString().slice(0, 10),
      out: file,
      pictures: pictures.map((picture) => ({
        caption: picture.caption,
        read: (wanted) => coverPicture(picture, wanted.width, wanted.height),
      })),
      checkpoint: join(folder, 'checkpoint.safetensors'),
      saveEvery: SAVE_EVERY,
      signal: stop.signal,
    });
    for await (const event of events) {
      progress.show(event);
      if (event.kind === 'saved') {
        const out = file.replace(/(\.safetensors)?$/, `-${event.step}.png`);
        const styles = [{ id, file, weight: 1 }];
        const prompt = pictures[0]?.caption ?? latents?.rows[0]?.captions[0] ?? trigger;
        const preview = { manifest, prompt, out, changes: { seed, styles } };
        progress.preview(await drawPreview(config, preview, stop.signal));
      }
    }
  } finally {
    stop.forget();
    latents?.close();
  }
  if (options.out === undefined) {
    await catalog.addStyle(id, file, {
      name: options.name,
      model: model.id,
      weight: 1,
      trigger,
      negative: '',
      description: `learnt from ${latents?.rows.length ?? pictures.length} pictures`,
    });
    streams.print(`added ${id}: --style ${id} draws with it`);
  } else {
    streams.print(file);
  }
}

/** Throws `UserError` `train.new-word` for more than one word, or one beside a trigger of its own. */
function newWordOf({ newWord, vectors, like, trigger }: StyleTrainOptions): TextLearning['word'] {
  if (newWord === undefined) {
    return undefined;
  }
  const word = newWord.trim();
  if (!/^[\p{L}\p{N}_-]+$/u.test(word) || (trigger !== '' && trigger !== word)) {
    throw new UserError(
      'train.new-word',
      `Expected one new word of letters and digits and no other --trigger, got "${newWord}"${trigger === '' ? '' : ` and "${trigger}"`}; a new word is the trigger itself.`,
      { params: { word: newWord } },
    );
  }
  return { word, vectors, like };
}

/** With the words for it: those of a text file beside it, as trainers know it, else of its name, else none. */
async function readTrainingPicture(file: string, trigger: string) {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new UserError('image.missing', `Expected a picture at ${file}, but it cannot be read. Check the path.`, {
      params: { file },
      cause,
    });
  });
  const beside = resolve(file).replace(new RegExp(`${extname(file).replaceAll('.', String.raw`\.`)}$`), '.txt');
  const hasWords =
    beside !== resolve(file) &&
    (await stat(beside).then(
      (found) => found.isFile(),
      () => false,
    ));
  const words = hasWords ? (await readFile(beside, 'utf8')).trim() : wordsOfName(basename(file, extname(file)));
  const picture = await decodePicture(bytes);
  const digest = createHash('sha256').update(`${picture.width}x${picture.height}`).update(picture.data).digest('hex');
  return { ...picture, name: basename(file), digest, caption: withTrigger(words, trigger) };
}
