/** English: styles that are learnt from a server's own pictures. */
export const training = {
  'command.style.train': 'Learn a style from your own pictures, on this machine',
  'command.style.train.option.name': 'What the style is called: letters, digits, - and _',
  'command.style.train.option.trigger': 'Words that are put into every prompt with this style',
  'command.style.train.option.model': 'The model that learns it; left out, this server’s model',
  'menu.train': 'Add to style pictures',

  'form.training.title': 'Learn {style}',
  'form.training.submit': 'Add',
  'form.training.pictures': 'Pictures of the style, up to {max}',
  'form.training.word': 'Whose are they, and may they be used?',
  'form.training.captions': 'What they show, a line each',

  'button.training-more': 'Add pictures',
  'button.training-start': 'Start',
  'button.training-stop': 'Stop',
  'button.training-drop': 'Discard',
  'button.train-on': 'Train on',
  'button.keep': 'Keep pictures',

  'training.title': 'New style {style}, from pictures',
  'training.count': '{count:picture|pictures} of {people:person|people}; up to {most} can be used.',
  'training.missing': 'Add at least {missing} more.',
  'training.ready': 'Start learns the style from them; everybody can draw meanwhile.',
  'training.stays': 'The pictures stay on this machine.',
  'training.travels': 'To be learnt from, the pictures go to this bot’s own runner at {host}, and nowhere else.',
  'training.goes': 'They are deleted after Save or Discard.',
  'training.kept': 'They are kept after Save, on purpose.',
  'training.added': '{added:picture|pictures} added to {style}; it has {count} now.',
  'training.by-menu': 'from a message of {person}',
  'training.waiting': 'Waiting for the device: {ahead} in line.',
  'training.begun': 'Making the pictures ready …',
  'training.learning': 'step {step} of {steps}, about {left} left',
  'training.so-far': 'What it has learnt so far',
  'training.dropped': 'Discarded, with its pictures.',
  'training.prompt': 'a cat with a red hat',
  'training.seconds': '{seconds} s',
  'training.minutes': '{minutes} min',
  'training.hours': '{hours} h {minutes} min',
  'style.show.made':
    'Learnt here from {pictures:picture|pictures}, {date}: {steps} steps, rank {rank}, {size}, seed {seed}, {time} of the device',
  'audit.style-train': 'gave {pictures} pictures for the style {style}: “{word}”',

  'mydata.pictures': '{pictures:picture|pictures} that you gave for learning styles are deleted too.',
  'mydata.learnt':
    'Styles that were learnt from your pictures belong to their servers and stay: {styles}. An admin removes one with /style remove.',

  'error.train.few': 'A style needs {fewest} to {most} pictures; there are {count}. Add some of the same kind.',
  'error.train.many': 'A style needs {fewest} to {most} pictures; these are {count}. Leave the weakest out.',
  'error.train.full': 'A style can have {most} pictures, and this one has them. Press Start.',
  'error.train.small': '“{name}” has {width} × {height} pixels, and {least} a side are needed. Take a larger one.',
  'error.train.twice': '“{first}” and “{second}” are the same picture; one of them counts.',
  'error.train.memory':
    'Learning this takes {needed} GB of free memory, and {free} GB are free. Choose a smaller model, or ask the operator to free some.',
  'error.train.diverged': 'Learning went astray at step {step}. Try with other pictures.',
  'error.train.word': 'Write whose pictures these are, and that they may be used; it is kept in the list of changes.',
  'error.train.none': 'There is no style to add them to. Begin one with /style train.',
  'error.train.no-pictures': 'This message has no pictures attached.',
  'error.train.open': 'A server can have {max} styles in the making at once: {styles}. Finish or discard one.',
  'error.train.gone': 'This style is no longer in the making. Begin again with /style train.',
  'error.train.running': 'The style {style} is past that: it is being learnt, or has been.',
  'error.train.busy':
    'This server learns the style {style} already, and one at a time. Start this one when it is done.',
  'error.train.quota':
    'A server may use a device for {minutes} minutes a day to learn styles, and they are used up. There are new ones in {hours:hour|hours}.',
  'error.train.cancelled': 'Stopped. Start goes on where it was.',
  'error.train.failed': 'Something went wrong while it was learnt. Start tries again from where it was.',
} as const;
