/** `fourstep lora inspect FILE`: what a LoRA file or a textual inversion is, in a few lines or as JSON. */
import { resolve } from 'node:path';

import type { Print } from '../adapters/cli/actions.ts';
import { recipeOf } from '../core/recipes.ts';
import { UserError } from '../core/errors.ts';
import { acceleratorWords, describeEmbedding, inspectLora } from '../engine/weights/index.ts';

export async function inspect(file: string, { json }: { readonly json?: boolean }, print: Print): Promise<void> {
  const report = await inspectLora(resolve(file)).catch((error: unknown) => {
    if (error instanceof UserError && error.code === 'lora.embedding') {
      return undefined;
    }
    throw error;
  });
  if (report === undefined) {
    await inspectEmbedding(file, json === true, print);
    return;
  }
  const { accelerator } = report;
  const licence = accelerator.kind === 'known' ? recipeOf(accelerator.recipe).licence : undefined;
  if (json === true) {
    print(JSON.stringify({ file: resolve(file), ...report, licence }));
    return;
  }
  const list = (values: readonly (number | string)[]): string =>
    values.length === 0 ? 'none stated' : values.join(', ');
  print(`kind      ${report.kind}${report.isUsable ? '' : ' (recognised, but cannot be applied)'}`);
  print(`rank      ${list(report.ranks)}`);
  print(`alpha     ${list(report.alphas)}`);
  print(
    `targets   ${report.targets.unet} in the UNet, ${report.targets.textEncoders} in text encoders${report.strays === 0 ? '' : `; ${report.strays} stray tensors`}`,
  );
  print(`base      ${report.base ?? 'not stated'}`);
  const words = acceleratorWords(accelerator);
  if (words !== undefined) {
    print(`accelerator  ${words}`);
  }
  if (licence !== undefined) {
    print(`licence   ${licence}`);
  }
  print(`triggers  ${list(report.triggers)}`);
  if (report.title !== undefined) {
    print(`title     ${report.title}`);
  }
}

async function inspectEmbedding(file: string, isJson: boolean, print: Print): Promise<void> {
  const { token, vectors, base } = await describeEmbedding(resolve(file));
  if (isJson) {
    print(JSON.stringify({ file: resolve(file), kind: 'textual inversion', token, vectors, base }));
    return;
  }
  print('kind      textual inversion');
  print(`vectors   ${vectors}`);
  print(`base      ${base ?? 'not stated'}`);
  print(`word      ${token ?? 'none stated; the file’s name, or yours'}`);
  print('add it with fourstep model add-embedding, or /style add in a chat');
}
