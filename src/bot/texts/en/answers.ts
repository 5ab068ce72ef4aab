/**
 * English: what is said. `{name}` is a value, `{n:step|steps}` a number with its word. Platforms escape values, so
 * nothing here needs to know Markdown.
 */
export const answers = {
  // Buttons. Adapters and people rely on `U1`, `V1`, `Reroll`, `Remix`, `Info`, `Delete`, `Cancel`.
  'button.upscale': 'U{number}',
  'button.vary': 'V{number}',
  'button.reroll': 'Reroll',
  'button.remix': 'Remix',
  'button.info': 'Info',
  'button.delete': 'Delete',
  'button.cancel': 'Cancel',
  'button.retry': 'Try again',
  'button.report': 'Report',
  'button.block': 'Block {name}',
  'button.save': 'Save',
  'button.lighter': 'Weight −',
  'button.heavier': 'Weight +',
  'button.discard': 'Discard',
  'button.forget-me': 'Delete my data',

  // The answer of a picture.
  'answer.no-files':
    'The picture cannot be shown here: an admin has to let this app attach files (Discord: Attach Files; Slack: the scope files:write, and room for files).',
  'answer.too-large': 'The picture is too large to be sent here. Ask for a smaller one.',
  'answer.by': 'by {name}',
  'answer.seed': 'seed {seed}',
  'answer.steps': '{steps:step|steps}',
  'answer.seconds': '{seconds} s',
  'answer.scale': '×{scale}',
  'answer.size': '{width} × {height}',
  'answer.origin.reroll': 'reroll',
  'answer.origin.remix': 'remix',
  'answer.origin.retry': 'second try',
  'answer.origin.vary': 'variation of {number}',
  'answer.origin.upscale': 'upscale of {number}',
  'answer.alt': '{prompt} (drawn by a computer, seed {seed})',
  'answer.alt-grid': '{pictures:picture|pictures} in reading order: {prompt} (drawn by a computer, seeds from {seed})',
  'answer.cancelled': 'Cancelled.',
  'answer.empty-prompt': '(no words)',

  // Waiting and drawing.
  'wait.line': 'In line: {place} · about {seconds} s',
  'wait.next': 'In line: next',
  'wait.drawing': 'Drawing … {step}/{steps}',
  'wait.begin': 'Drawing …',
  'wait.preview': 'preview',
  'wait.again': 'The device was restarted; drawing again.',

  // Forms.
  'form.remix.title': 'Remix',
  'form.remix.submit': 'Draw',
  'form.imagine.title': 'Draw a picture',
  'form.prompt': 'Prompt',
  'form.options': 'Options, for example --ar 3:2 --seed 7',

  // Info about a picture.
  'info.title': 'Parameters',
  'info.job': 'job {job}',
  'info.prompt': 'Prompt',
  'info.negative': 'Without',
  'info.model': 'Model',
  'info.style': 'Style',
  'info.seed': 'Seed',
  'info.steps': 'Steps',
  'info.guidance': 'Guidance',
  'info.size': 'Size',
  'info.scheduler': 'Scheduler',
  'info.accelerator': 'Accelerator',
  'info.init': 'Started from a picture, {strength} drawn anew',
  'info.none': 'none',
  'info.again': 'To draw it again',
  'info.again-file': 'All of the words, and how to draw it again, are in the file.',
  'info.by': 'Asked by',
  'info.when': 'When',
  'info.scale': 'Enlarged ×{scale}',

  // Info about the server, and the queue.
  'about.title': 'Fourstep on {server}',
  'about.model': 'Model: {model} ({license})',
  'about.style': 'Default style: {style}',
  'about.mine': 'Your style: {style}',
  'about.limits': 'At a time: {perUser} of yours, {perServer} on this server; up to {count:picture|pictures} each',
  'about.balance': 'Left today: {left} of {of} pictures for you, {serverLeft} of {serverOf} for this server',
  'about.balance-user': 'Left today: {left} of {of} pictures for you',
  'about.balance-server': 'Left today: {left} of {of} pictures for this server',
  'about.balance-free': 'Pictures are not counted here.',
  'about.checks':
    'What is checked: words of prompts and style names, never the pixels. Report a picture that should not be here.',
  'queue.title': 'Queue',
  'queue.everywhere': '{running} drawing and {waiting} waiting, on {servers:server|servers}',
  'queue.here': 'Here: {running} drawing, {waiting} waiting',
  'queue.job': '{prompt}: {place}',
  'queue.job-running': 'being drawn',
  'queue.job-waiting': '{place} in line, about {seconds} s',
  'queue.none-yours': 'None of yours is waiting.',
  'queue.yours': 'Yours:',

  // Deleting, reporting.
  'delete.done': 'Deleted.',
  'report.done': 'Reported to this server’s admins.',
  'report.title': 'Reported picture',
  'report.line': '{reporter} reports a picture of {author} in channel {channel}',
  'block.done': '{name} can no longer ask for pictures here. /settings takes it back.',
  'block.already': '{name} is blocked already.',

  // Help.
  'help.title': 'Draw with words',
  'help.example-1': '/imagine a fox on blue at night',
  'help.example-2': '/imagine a red mushroom house --ar 3:2 --seed 7',
  'help.example-3': '/imagine a sleepy cat --style {style} --no text',
  'help.buttons-upscale': 'makes picture 1 … 4 larger',
  'help.buttons-vary': 'draws variations of picture 1 … 4',
  'help.buttons-reroll': 'draws the same words with another seed',
  'help.buttons-remix': 'lets you change the words first',
  'help.buttons-info': 'shows every parameter, only to you',
  'help.buttons-delete': 'removes your picture',
  'help.options': 'At the end of a prompt: {options}',
  'help.more': 'Also: /style list · /queue · /info · /mydata export',
  'help.admin': 'For admins: /style add · /settings',

  // My data.
  'mydata.export': 'All that is kept about you: {jobs:job|jobs} and your settings.',
  'mydata.confirm':
    'This deletes {jobs:job|jobs} with their prompts and pictures, and your settings. Buttons of those pictures stop working; posted messages stay where they are.',
  'mydata.done': 'Deleted: {jobs:job|jobs} and your settings.',
} as const;
