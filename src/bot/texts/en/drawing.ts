/** English: what drawing, files of weights and events refuse; codes and params are those of whoever throws. */
export const drawing = {
  'error.chat.refused': 'The chat did not take this answer. Its operator finds why in the log.',
  'error.chat.forbidden':
    'The bot may not post here. It needs View Channel, Send Messages and Attach Files in this channel.',
  'error.job.expired': 'The answer came when nobody could be answered any more. Ask again.',
  'error.upload.too-large': 'A file of this size is not taken here. Ask for a smaller one.',
  'error.lora.base':
    'A style must be made for {expected}, the base of this model; “{file}” was made for {found}. Use another model or another file.',
  'error.model.scheduler-setting':
    'The model’s settings for {scheduler} say {setting}, which cannot be followed. Draw with another scheduler, such as ddim.',
  'error.embedding.base':
    'A textual inversion must have vectors of {expected} numbers for this model; “{file}” has {found}. It was made for another base.',
  'error.embedding.lengths':
    'A textual inversion must have as many vectors for each text encoder; “{file}” has {found}. Take another copy of it.',
  'error.lora.embedding': 'A style must be a LoRA file; “{file}” is a textual inversion. Add it by itself: /style add.',
  'error.prompt.weights':
    'The weights behind :: must add up to more than 0; they add up to {sum}. Give what you want to see more weight.',
  'error.lora.empty': 'A style must be a LoRA file; “{file}” holds no LoRA matrices. Is it a whole checkpoint?',
  'error.lora.modules':
    'A LoRA can change {most} layers; “{file}” changes {modules}, more than any model has. It is not what it seems to be.',
  'error.lora.kind':
    'A style must be a LoRA of a kind that adds to weights; “{file}” is a {kind}, which cannot be applied. Ask its author for a LoRA version.',
  'error.lora.shape':
    'In a LoRA “{tensor}” must be {expected}; in “{file}” it is [{shape}]. The file is damaged or no LoRA.',
  'error.lora.unmatched':
    'A style must name parts of the model; none of the {modules:module|modules} in “{file}” is one of a {base} model. Use a LoRA made for it.',
  'error.model.nan':
    'The model’s answer held no numbers: its files or a style are damaged. Try without the style, or tell the operator.',
  'error.accelerator.unknown':
    'This model has no accelerator “{given}” any more. It has: {ids}. Ask for the picture anew.',
  'error.request.steps-recipe':
    '{recipe} goes with {allowed} steps; you asked for {given}. Leave the steps out, or ask for those.',
  'error.request.weight': 'Weights go from -{limit} to {limit}; {style} has {given}. The usual weight is 0.5 to 1.',
  'error.request.variation': 'A variation can be 0 to 1; you asked for {given}. 0 is the picture itself.',
  'error.request.strength':
    'Strength goes from above 0 to 1; you asked for {given}. 0.6 keeps about half of the picture.',
  'error.device.eight-bits':
    'The picture is to be drawn in 8 bits, and the machine that took it has no instructions for them. Ask whoever runs the bot.',
  'error.device.memory': 'The picture does not fit into the memory of {device}. Take a smaller size or another model.',
  'error.device.lost':
    'The device that draws was lost several times. Ask again in a while; the operator’s log says why.',
  'error.runner.crashed':
    'The device stopped {attempts:time|times} while drawing this. Try another size or other words, or tell the operator.',
  'error.upscale.size':
    'A picture of {width} × {height} is too large to be made {scale} times as wide. Take a smaller one.',
  'error.weights.format': 'Weights must be a .safetensors file; “{file}” is {format}.',
  'error.weights.truncated': '“{file}” ends in the middle of “{tensor}”. It was not copied whole; copy it again.',
  'error.weights.dtype':
    'Weights must be fp32, fp16 or bf16; “{tensor}” in “{file}” is {dtype}. Use an ordinary version of the file.',
  'notice.alpha.ground': 'The picture shows no plain ground that could be made transparent.',
  'notice.prompt.near': '{model} does not know “{word}”; it drew “{drawn}”.',
  'notice.prompt.unknown': '{model} does not know “{word}” and cannot draw it.',
  'notice.prompt.lora': 'There is no style “{name}” here, so it was left out.',
  'notice.prompt.embedding': 'There is no textual inversion “{name}” here, so it was left out.',
  'notice.embedding.bundled':
    '“{file}” was used without what it teaches about {words}: that was made for another model.',
  'notice.prompt.form': '“{form}” is a form of other programs that is not followed here; it was read as words.',
  'notice.prompt.cut': 'The end did not fit into what the model reads and was left out: “{cut}”.',
  'notice.recipe.guidance': '{recipe} goes with guidance {least} to {most}; {used} was used instead of {given}.',
  'notice.lora.partial':
    '{unmatched:part|parts} of “{file}” fit nothing in this model and had no effect ({matched} of {modules} do).',
} as const;
