/** `fourstep model …`: the catalog from the command line. Adding opens the model once, so that what is wrong shows now. */
import type { Config } from '../../config/load.ts';
import { describeModel } from '../../models/describe-model.ts';
import type { ModelAddOptions } from '../adapters/cli/commands.ts';
import { openCatalog, openEngine } from '../start/open-engine.ts';

type Print = (line: string) => void;

/** Points the catalog at a folder or file, merges its LCM-LoRA and draws one small picture to prove it. */
export async function addModel(config: Config, source: string, options: ModelAddOptions, print: Print): Promise<void> {
  const catalog = openCatalog(config.dataFolder);
  const model = await catalog.addModel({ id: options.id, source, lcmLora: options.lcmLora, name: options.name });
  const runner = openEngine({ device: 'cpu', dataFolder: config.dataFolder, startup: 'fast' });
  try {
    const { defaults } = await describeModel(model);
    const work = {
      kind: 'imagine',
      id: 'model-add',
      previewAfter: [],
      request: {
        prompt: 'a trial',
        negative: '',
        model: model.id,
        lcmLora: { kind: 'model' },
        vae: undefined,
        loras: [],
        seed: 0,
        count: 1,
        steps: 1,
        guidance: 1,
        width: defaults.width,
        height: defaults.height,
        scheduler: defaults.scheduler,
        init: undefined,
      },
    } as const;
    for await (const event of runner.run(work, new AbortController().signal)) {
      if (event.kind === 'notice') {
        print(event.sentence);
      }
    }
  } catch (error) {
    await catalog.removeModel(model.id);
    throw error;
  } finally {
    await runner.close(0);
  }
  print(`added ${model.id}: MODEL=${model.id} makes it the default, --model ${model.id} draws with it`);
}

export async function listModels(config: Config, { json }: { readonly json?: boolean }, print: Print): Promise<void> {
  for (const model of await openCatalog(config.dataFolder).models()) {
    const { name, base, defaults } = await describeModel(model);
    print(
      json === true
        ? JSON.stringify({ id: model.id, name, base, source: model.source, isEmbedded: model.isEmbedded, defaults })
        : `${model.id}  ${name}  ${base}  ${defaults.width}x${defaults.height}  ${defaults.steps} steps  ${model.source}`,
    );
  }
}

export async function removeModel(config: Config, id: string, print: Print): Promise<void> {
  await openCatalog(config.dataFolder).removeModel(id);
  print(`removed ${id}; its files stay where they are`);
}
