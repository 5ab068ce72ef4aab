/**
 * The command line's grammar: every command, option and its help, as people's scripts rely on it. Parses and calls the
 * actions it is given; does nothing itself.
 */
import { Command, Option } from 'commander';

import { OWN_MACHINE_LIMITS } from '../../core/drawing-limits.ts';
import type { CliActions, EmojiOptions, ImagineOptions } from './actions.ts';
import { PRECISION_WISHES } from '../../core/manifest.ts';
import { DECODERS } from '../../core/request.ts';
import { addBenches } from './bench-commands.ts';
import { renderUsageError } from './render.ts';
import {
  parseInteger,
  parseLora,
  parseNumber,
  parseRecipe,
  parseRecipes,
  parseScale,
  parseScheduler,
  parseSize,
  parseTexts,
  parseTimesteps,
} from './parse.ts';

const integerOf = (name: 'steps' | 'seed' | 'count'): ((text: string) => number) =>
  parseInteger(name, OWN_MACHINE_LIMITS[name].min, OWN_MACHINE_LIMITS[name].max);
const numberOf = (name: 'guidance' | 'strength'): ((text: string) => number) =>
  parseNumber(name, OWN_MACHINE_LIMITS[name].min, OWN_MACHINE_LIMITS[name].max);

const IMAGINE_EXAMPLES = `
Examples:
  fourstep imagine a cat on blue
  fourstep imagine "a fox at night" --style neon --count 4 --out foxes/
  fourstep imagine a castle --ar 3:2 --seed 7 --show
  fourstep imagine a red apple --init sketch.png --strength 0.5
  fourstep imagine a top hat --init fox.png --mask where-the-hat-goes.png
Steps, guidance and size are the model's own where they are left out.`;

export function buildProgram(actions: CliActions, version: string): Command {
  const program = new Command('fourstep')
    .description('Pictures in four denoising steps: a Discord and Slack bot, a local page and a command line.')
    .version(version)
    .configureOutput({ outputError: (text, write) => write(renderUsageError(text)) })
    .enablePositionalOptions() // an option belongs to the command that it is written after
    .exitOverride();

  program
    .command('start')
    .description('the bot and the local page; adapters that have tokens in the environment')
    .action(actions.start);

  program
    .command('imagine')
    .description('one or more pictures to files; prints one line per picture: path, seed, ms')
    .argument('<prompt...>', 'what to draw, with or without quotes')
    .option('--model <id|dir|file>', 'a model’s id, a diffusers folder or a single-file checkpoint')
    .option('--accelerator <file|id|none>', 'a LoRA that draws in few steps, instead of the model’s usual one')
    .addOption(new Option('--lcm-lora <file|none>', 'older name of --accelerator').hideHelp())
    .option('--recipe <name>', 'how the accelerator is stepped; auto: recognised', parseRecipe)
    .option('--style <id>', 'a style preset; a:0.6+b:0.4 mixes two')
    .option('--lora <file[:weight]>', 'a LoRA at a weight (repeatable)', parseLora)
    .option('--vae <dir|file>', 'another VAE than the model’s')
    .addOption(new Option('--precision <p>', 'what UNet and decoder are computed in').choices(PRECISION_WISHES))
    .addOption(new Option('--decoder <d>', 'the model’s own, or its tiny one (TAESD)').choices(DECODERS))
    .option('--negative <text>', 'what to keep out; counts where guidance is above 1', '')
    .option('--steps <n>', 'denoising steps', integerOf('steps'))
    .option('--guidance <g>', 'guidance scale; 1 runs the UNet once a step', numberOf('guidance'))
    .option('--seed <n>', 'seed of the first picture; the next ones count on', integerOf('seed'))
    .option('--count <n>', 'how many pictures', integerOf('count'), 1)
    .option('--size <WxH>', 'pixels, multiples of 8', parseSize)
    .option('--ar <W:H>', 'the shape, in the model’s own sizes: 3:2, square, tall')
    .option('--init <file>', 'a picture to start from')
    .addOption(new Option('--image <file>', 'another name of --init').hideHelp())
    .option('--mask <file>', 'what of it is drawn anew: white is, or, where it has transparency, what is transparent')
    .option('--strength <s>', 'how much is drawn anew, above 0 to 1; 0.6, and 1 under a mask', numberOf('strength'))
    .option('--scheduler <name>', 'lcm, ddim, dpm++, euler or tcd', parseScheduler)
    .option('--timesteps <grid>', 'leading, trailing, lcm, or a list like 999,749,499,249', parseTimesteps)
    .option('--eta <n>', 'how much of each step’s noise is fresh, 0 to 1 (tcd, ddim)', parseNumber('eta', 0, 1))
    .option('--transparent', 'a transparent ground; "on transparent" in the words asks for it too')
    .option('--out <file|dir>', 'where to (default: the current folder)')
    .option('--show', 'show it in this terminal too, where that can (kitty, iTerm2, sixel)')
    .option('--json', 'one JSON object a picture')
    .option('--quiet', 'print nothing')
    .addHelpText('after', IMAGINE_EXAMPLES)
    .action((words: readonly string[], options: ImagineOptions) => actions.imagine(words.join(' '), options));

  program
    .command('emoji')
    .description('a picture cut out, trimmed and small enough for a chat’s own emoji; prints path, name and bytes')
    .argument('<prompt...>', 'what to draw, with or without quotes')
    .option('--model <id|dir|file>', 'a model’s id, a diffusers folder or a single-file checkpoint')
    .option('--style <id>', 'a style preset; a:0.6+b:0.4 mixes two')
    .option('--seed <n>', 'its seed', integerOf('seed'))
    .option('--sticker', 'a sticker of 320 pixels instead of an emoji of 128')
    .requiredOption('--out <file>', 'a .png file')
    .action((words: readonly string[], options: EmojiOptions) => actions.emoji(words.join(' '), options));

  program
    .command('upscale')
    .description('a picture made larger by the model’s super-resolution net')
    .argument('<file>', 'the picture')
    .option('--scale <2|4>', 'how many times larger', parseScale, 2)
    .option('--out <file>', 'where to (default: beside it, fox-2x.png)')
    .option('--model <id>', 'whose upscaler')
    .action(actions.upscale);

  const model = program.command('model').description('models that can be drawn with');
  model
    .command('add')
    .description('add a diffusers folder, a single-file checkpoint, or a repository of the hub (downloaded)')
    .argument('<dir|file|hf:owner/name[@revision]>')
    .option('--id <id>', 'the name to choose it by')
    .option('--name <name>', 'the name shown to people')
    .option(
      '--accelerator <file[:weight]|none>',
      'a LoRA that draws in few steps (repeatable; the usual one first)',
      parseTexts,
    )
    .addOption(new Option('--lcm-lora <file|none>', 'older name of --accelerator').hideHelp())
    .option('--recipe <name>', 'how it is stepped, in the same order; auto: recognised', parseRecipes)
    .option(
      '--vae <dir|file>',
      'another VAE than its own; default where it has none: that of an added model of its base',
    )
    .option('--tiny-vae <dir|file>', 'TAESD for its base: for previews, and for --decoder tiny')
    .option('--strength <s>', 'how much of a start picture it draws anew where nobody says', numberOf('strength'))
    .addOption(new Option('--variant <name>', 'the half-size weights of a hub repository').choices(['fp16']))
    .action(actions.modelAdd);
  model
    .command('add-embedding')
    .description('teach a model a word by a textual inversion')
    .argument('<file>', 'a .safetensors file')
    .option('--model <id>', 'whose word it is; default: MODEL')
    .option('--word <word>', 'what it is written as; default: as the file says')
    .action(actions.embeddingAdd);
  model
    .command('remove-embedding')
    .description('forget an added word')
    .argument('<word>')
    .option('--model <id>', 'whose word it is; default: MODEL')
    .action(actions.embeddingRemove);
  model.command('list').description('all models').option('--json', 'as JSON').action(actions.modelList);
  model.command('remove').description('forget an added model').argument('<id>').action(actions.modelRemove);

  const style = program.command('style').description('style presets for every server');
  style
    .command('add')
    .description('add a LoRA as a style')
    .argument('<file>', 'a .safetensors file')
    .option('--name <name>', 'the preset’s name')
    .option('--model <id>', 'the model it is for')
    .option('--weight <w>', 'its weight', parseNumber('weight', -2, 2), 1)
    .option('--trigger <words>', 'words put into the prompt with it', '')
    .option('--negative <text>', 'words put into the negative prompt with it', '')
    .option('--description <text>', 'a few words for the list', '')
    .action(actions.styleAdd);
  style
    .command('train')
    .description('learn a style from 5 to 20 pictures; what each shows is read from a .txt beside it, or from its name')
    .argument('[pictures...]', 'picture files')
    .requiredOption('--name <name>', 'the preset’s name')
    .option('--model <id>', 'the model it is for')
    .option('--trigger <word>', 'words put into the prompt with it', '')
    .option('--steps <n>', 'updates; 300 for moji, 500 for large models', parseInteger('steps', 1, 100_000))
    .option('--rank <n>', 'of the LoRA; 8', parseInteger('rank', 1, 128))
    .option('--seed <n>', 'of everything random; 0', integerOf('seed'))
    .option(
      '--latents <dir>',
      'learn from latents that were encoded before, NNN.npy beside NNN.json, instead of pictures',
    )
    .option('--recipe <file>', 'JSON with what is to be other than usual in the recipe')
    .option('--text', 'the text encoders learn too: for words that the model draws otherwise')
    .option('--new-word <word>', 'a word of its own that means the style, learnt with it; becomes the trigger')
    .option('--vectors <n>', 'tokens that the new word takes the place of', parseInteger('vectors', 1, 16), 2)
    .option('--like <words>', 'known words that the new one begins as', 'style')
    .option('--word-file <file>', 'the new word’s vectors apart, as diffusers wants them, and not in the LoRA’s file')
    .option('--size <WxH>', 'pixels to train at; the model’s own size', parseSize)
    .option('--out <file>', 'write the LoRA here instead of keeping it as a preset')
    .option('--json', 'one JSON object a step')
    .action(actions.styleTrain);
  style.command('list').description('all presets').option('--json', 'as JSON').action(actions.styleList);
  style.command('remove').description('forget an added preset').argument('<id>').action(actions.styleRemove);

  program
    .command('distill')
    .description('learn an LCM-LoRA of a model’s own, from pictures that it draws itself: four steps for any base')
    .requiredOption('--model <id>', 'the model')
    .option('--steps <n>', 'updates; 400 for moji, 1000 for large models', parseInteger('steps', 1, 100_000))
    .option('--seed <n>', 'of everything random; 0', integerOf('seed'))
    .option('--size <WxH>', 'pixels to train at; the model’s own size', parseSize)
    .option('--latents <dir>', 'from latents that were encoded before, not from pictures of its own')
    .option('--recipe <file>', 'JSON with what is to be other than usual in the recipe')
    .option('--out <file>', 'where to (default: MODEL-lcm-lora.safetensors here)')
    .option('--json', 'one JSON object a step')
    .action(actions.distill);

  program
    .command('quantize')
    .description('make a model’s 8-bit weights now; --report: what they cost, in pictures and layer by layer')
    .argument('<model>', 'its id')
    .option('--report', 'draw in fp32 and in 8 bits and compare')
    .option('--prompts <file>', 'what to draw for it: a JSON list, or a prompt a line')
    .option('--style <id>', 'in a style of the model')
    .option('--python <python>', 'one with flip-evaluator: FLIP of the pictures too')
    .option('--pictures <folder>', 'where the pairs are kept')
    .addOption(new Option('--only <part>', 'of the report: not the sweep over layers').choices(['pictures']))
    .option('--json', 'as JSON')
    .action(actions.quantize);

  const lora = program.command('lora').description('LoRA files');
  lora
    .command('inspect')
    .description('kind, rank, alpha, targets, base model and trigger words of a LoRA file')
    .argument('<file>')
    .option('--json', 'as JSON')
    .action(actions.loraInspect);

  program
    .command('deploy-commands')
    .description('register the slash commands with Discord; changes only what differs')
    .action(() => actions.deployCommands());

  addBenches(program, actions);
  program
    .command('doctor')
    .description('says what is missing and how to get it; prints invite link and Slack manifest')
    .addOption(new Option('--manifest <chat>', 'print that chat’s app manifest and nothing else').choices(['slack']))
    .action(actions.doctor);
  program
    .command('gpu')
    .description('GPU providers')
    .command('install')
    .description('fetch the CUDA provider of onnxruntime, and try it')
    .addOption(
      new Option('--cuda <version>', 'of the system’s CUDA libraries (default: as found, else 13)').choices([
        '12',
        '13',
      ]),
    )
    .option('--index <url>', 'Python package index that has the one for CUDA 13 (default: https://pypi.org/simple)')
    .action(actions.gpuInstall);
  program
    .command('runner')
    .description('draw for bots on other machines: takes work from RUNNERS=redis://… on this machine’s cpu')
    .action(actions.runnerWork);
  return program;
}
