/** `fourstep bench …`: what can be measured, and how it is asked for. Parses and calls the actions it is given. */
import { Option, type Command } from 'commander';

import type { CliActions } from './actions.ts';
import { parseInteger, parseRows, parseSize } from './parse.ts';

export function addBenches(program: Command, actions: CliActions): void {
  const bench = program
    .command('bench')
    .description('measure this machine')
    .option('--json', 'as JSON')
    .enablePositionalOptions()
    .action(actions.benchAll);
  bench
    .command('unet')
    .description('a full-size UNet with random weights against its floor, and against diffusers and OpenVINO')
    .addOption(new Option('--arch <name>', 'which').choices(['sd15', 'sdxl', 'ssd1b']).default('sd15'))
    .addOption(new Option('--precision <p>', 'what it is computed in').choices(['fp32', 'int8']).default('fp32'))
    .option('--python <file>', 'a Python with torch, diffusers and openvino to compare with in the same run')
    .option('--size <WxH>', 'pixels', parseSize)
    .option('--json', 'as JSON')
    .action(actions.benchUnet);
  bench
    .command('device')
    .description(
      'UNet, text, decoder and whole pictures on a device, by rows and styles; writes the batch curve that drawing goes by',
    )
    .option('--device <name>', 'cpu, cuda:0, webgpu, …; default: the first of RUNNERS')
    .option('--model <id|dir|file>', 'which; default: MODEL')
    .addOption(
      new Option('--arch <name>', 'random weights of that size instead').choices(['tiny', 'sd15', 'sdxl', 'ssd1b']),
    )
    .option('--size <WxH>', 'pixels', parseSize)
    .option('--rows <list>', 'rows of a call', parseRows, [1, 2, 4, 8, 16])
    .option('--seconds <n>', 'begin nothing new after so long', parseInteger('seconds', 0, 36_000), 300)
    .addOption(new Option('--numbers <type>', 'what nets are computed in').choices(['fp32', 'fp16']))
    .option('--python <file>', 'a Python with torch and diffusers to compare with on the same weights (with --arch)')
    .option('--json', 'as JSON')
    .action(actions.benchDevice);
  bench
    .command('train')
    .description('a step of style training on one thread: CPU seconds and memory, against torch and peft')
    .addOption(new Option('--arch <name>', 'which').choices(['moji', 'sd15']).default('moji'))
    .option('--size <WxH>', 'pixels', parseSize)
    .option('--all', 'every layer learns, not those of the style recipe')
    .option('--free <GB>', 'as if so much memory were free; default: what is', parseInteger('free', 1, 10_000))
    .option(
      '--rounds <n>',
      'steps measured after the first; default: 20 of moji, 3 of others',
      parseInteger('rounds', 1, 1000),
    )
    .option('--python <file>', 'a Python with torch, diffusers and peft to compare with in the same run')
    .option('--json', 'as JSON')
    .action(actions.benchTrain);
  bench
    .command('beside')
    .description('drawing while a style is learnt on the same device: how much slower, how long a picture waits')
    .option('--pictures <n>', 'drawn each time', parseInteger('pictures', 2, 10_000), 16)
    .option('--json', 'as JSON')
    .action(actions.benchBeside);
  bench
    .command('style')
    .description(
      'how well a style is learnt: three ways of drawing, measured in pictures of words that were not learnt',
    )
    .addOption(new Option('--ways <way...>', 'some of them').choices(['outlines', 'flat', 'texture']))
    .option('--steps <n>', 'updates; as many as usual', parseInteger('steps', 1, 100_000))
    .option('--seeds <n>', 'each learnt so many times, each from another seed', parseInteger('seeds', 1, 100), 1)
    .option('--recipe <file>', 'JSON with what is to be other than usual in the recipe')
    .option('--keep <dir>', 'where LoRAs and sheets stay')
    .option('--json', 'as JSON')
    .action(actions.benchStyle);
  bench
    .command('accelerators')
    .description('changing between two accelerators of a full-size model, against reading what they change')
    .option('--json', 'as JSON')
    .action(actions.benchAccelerators);
  bench
    .command('files')
    .description(
      'full-size files: the memory of opening each kind of checkpoint, the time of merging each kind of LoRA',
    )
    .addOption(new Option('--only <part>', 'one of the two').choices(['opening', 'merging']))
    .option('--json', 'as JSON')
    .action(actions.benchFiles);
  bench
    .command('memory')
    .description('what drawing and decoding a picture take of memory, with random weights of full size')
    .addOption(new Option('--arch <name>', 'which').choices(['tiny', 'sd15', 'sdxl', 'ssd1b']).default('sd15'))
    .addOption(
      new Option('--precision <p>', 'what UNet and decoder are computed in').choices(['fp32', 'int8']).default('int8'),
    )
    .addOption(new Option('--decoder <d>', 'what decodes').choices(['full', 'tiny']).default('full'))
    .addOption(
      new Option('--startup <s>', 'as a bot opens models, or as one command does')
        .choices(['fast', 'throughput'])
        .default('throughput'),
    )
    .option('--size <WxH>', 'pixels', parseSize)
    .option('--json', 'as JSON')
    .action(actions.benchMemory);
  bench
    .command('runner')
    .description('queue and runner: throughput, latency, fairness and overhead')
    .option('--jobs <n>', 'jobs a scenario', parseInteger('jobs', 10, 1_000_000), 1000)
    .option('--curve <file>', 'a measured batch curve as JSON, from a device that is not here')
    .option('--json', 'as JSON')
    .action(actions.benchRunner);
}
