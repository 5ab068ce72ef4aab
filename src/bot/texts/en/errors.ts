/**
 * English: refusals and failures by code, `error.<code>`. What was expected, what came, what to do; never an apology.
 * An error whose code is not here is shown as it was written.
 */
export const errors = {
  'error.option.unknown': 'There is no option --{given}. Did you mean --{closest}?',
  'error.option.unknown-far': 'There is no option --{given}. There are: {options}.',
  'error.option.foreign': 'There is no --{given} here. What comes nearest is --{nearest}.',
  'error.option.foreign-none': '--{given} means nothing here: the model is the server’s. Leave it out.',
  'error.option.twice': '--{option} can be given once; it came as {first} and as {second}. Leave one out.',
  'error.option.loose': '/{command} takes no words of its own; you wrote “{given}”. Leave them out.',
  'error.option.empty': '--{option} needs a value after it. Write one, or leave it out.',
  'error.option.number': '--{option} takes a number; you wrote “{given}”.',
  'error.option.integer': '--{option} takes a whole number; you wrote “{given}”.',
  'error.option.range': '{label} can be {min} to {max}; you asked for {given}.',
  'error.option.range-default':
    '{label} can be {min} to {max}; you asked for {given}. Leave it out and {fallback:is|are} used.',
  'error.option.choice': '--{option} can be {choices}; you wrote “{given}”. Did you mean {closest}?',
  'error.option.boolean': '--{option} can be yes or no; you wrote “{given}”.',
  'error.option.long': '--{option} can have {max} characters; yours has {given}. Make it shorter.',
  'error.option.file': '--{option} takes a file ({endings}); you gave “{given}”.',
  'error.option.attach': '--{option} takes an attached file, not words. Attach it, or leave it out.',
  'error.option.missing': 'This needs {option}. Write it after the command.',
  'error.size.format': 'A size looks like 512x768; you wrote “{given}”.',
  'error.size.range':
    'Sides can be {min} to {max} pixels with {model}; you asked for {given}. Leave it out and {fallback} is used.',
  'error.aspect.format': 'An aspect looks like 3:2 or square; you wrote “{given}”.',
  'error.aspect.range': 'An aspect can be 1:4 to 4:1; you asked for {given}.',
  'error.size.both': 'Give a size or an aspect, not both; you gave {size} and {aspect}.',

  'error.style.unknown': 'This server has no style “{given}”. Did you mean {closest}?',
  'error.style.unknown-none':
    'This server has no style “{given}”, and no other yet. Leave it out, or ask an admin for /style add.',
  'error.style.unknown-far': 'This server has no style “{given}”. /style list shows them all.',
  'error.style.model':
    'The style {style} is for {styleModel}; this server draws with {model}. Choose another style, or leave it out.',
  'error.style.trained-elsewhere':
    'The style {style} was trained on another version of {model} and would be drawn wrongly. Train it again, or bring a file for this one.',
  'error.style.base-changed':
    'The style {style} was made for another version of {model}. Choose another style, or ask an admin to add it again.',
  'error.style.room':
    'The styles would weigh {bytes} MB with this one, and {max} MB is the most. Remove one with /style remove, or bring a smaller file.',
  'error.style.mix': 'A mix is up to {max} styles like neon:0.6+ink:0.4, with shares up to 2; you wrote “{given}”.',
  'error.style.name': 'A style’s name has 1 to 32 letters, digits, - or _; you wrote “{given}”.',
  'error.style.reserved': 'No style can be called “{given}”: it means no style. Choose another name.',
  'error.style.taken': 'There is a style {name} already. Choose another name, or /style edit it.',
  'error.style.builtin':
    'The style {name} comes with the model and cannot be changed. Add one of your own with /style add.',
  'error.style.nothing': 'Say what to change: weight, trigger, negative, model or description.',
  'error.style.source': 'A style needs a LoRA: attach a .safetensors file, or give its https address as url.',
  'error.style.two-sources': 'A style needs one LoRA: attach a file or give an address, not both.',
  'error.style.full': 'A server can have {max} styles, and this one has them. Remove one with /style remove.',
  'error.style.base':
    'This LoRA is for {loraBase}; {model} is {modelBase}. Give a LoRA for {modelBase}, or another model.',
  'error.style.draft-gone': 'This preview is no longer open. Add the style again with /style add.',
  'error.style.elsewhere':
    'This style belongs to {server}. There, /style show {style} shows it again, with buttons that work.',
  'error.style.draft-other': 'Only the admin who began this preview can finish it.',
  'error.style.weight': 'A weight can be −2 to 2; it is {weight} already.',

  'error.lora.size': 'A LoRA can have {max} MB here; this one has {given} MB.',
  'error.lora.format':
    'A LoRA is a safetensors file; this one does not begin like one. Check that the address leads to the file itself.',
  'error.lora.url': 'An address begins with https:// and names a file; you gave “{given}”.',
  'error.lora.host': 'Files are fetched from {hosts} only; you gave {given}. Attach the file instead.',
  'error.lora.private': '{given} leads into a private network. Attach the file instead.',
  'error.lora.redirect':
    '{host} sends on to {target}, from where files are not fetched. Give the file’s own address, or attach it.',
  'error.lora.status': '{host} answered {status} instead of the file. Check the address, or attach the file.',
  'error.lora.unreachable': '{host} did not send the file. Try again later, or attach it.',

  'error.page.often': '{max} of these a minute are answered here. Wait a moment.',
  'error.page.guesses': 'Too many wrong tokens came from your address. Wait a minute.',
  'error.page.token':
    'This is not the operator’s token; it is OPERATOR_TOKEN of the bot’s environment, or printed where the bot was started.',
  'error.page.streams': 'Too many pages are open. Close one.',
  'error.page.busy': 'Other files are being received. Try again in a moment.',
  'error.page.large': 'What is sent here can have {max} in all; this is more. Send less.',
  'error.page.form': 'The page sent a form that could not be read. Reload it and send it again.',
  'error.image.unreadable':
    'A picture to start from is a PNG, JPEG, WebP, GIF or AVIF of at most 50 megapixels; this file could not be opened as one.',
  'error.image.dimensions':
    'A picture to start from can have sides up to {side} and {megapixels} megapixels in all; this one is {width}×{height}. Send a smaller one.',
  'error.image.frames':
    'A picture to start from can have up to {max} frames; this one has more. Send one of them as a picture of its own.',
  'error.style.busy': 'Other style files are being received just now; send yours again in a moment.',
  'error.image.busy': 'Many pictures are being opened just now; send yours again in a moment.',
  'error.image.costly':
    'This picture takes more memory or time to open than is allowed here. Save it anew in a picture program, or send a smaller one.',
  'error.image.size': 'A picture to start from can have {max} MB; this one has {given} MB.',
  'error.image.heic':
    'This is a HEIC picture, as iPhones make them, which cannot be opened here. Send it as JPEG or PNG (a screenshot of it will do).',
  'error.image.two': 'There is one picture to start from: attach it or say where it is, not both.',
  'error.image.from':
    'from is the https address of a picture, me for your own avatar, or a person where this server allows that, or thread for what a Slack thread began with; you wrote “{given}”.',
  'error.image.no-person': 'There is nobody here by “{given}” with a picture. Mention the person, or attach a picture.',
  'error.image.none-there': 'That message shows no picture that can be taken up. Choose one with a picture.',
  'error.image.no-thread':
    '--from thread means the picture that a Slack thread began with, asked for in that thread. Attach the picture, or choose “Use as start” in its menu.',
  'error.image.thread-closed':
    'The app may not read this thread. Attach the picture instead, or ask an admin for the scope channels:history.',
  'error.image.start-gone': 'That picture is no longer at hand. Choose it again in the message’s menu.',
  'error.image.url': 'A picture’s address begins with https://; you gave “{given}”.',
  'error.image.private': '{given} leads into a private network. Attach the picture instead.',
  'error.image.gone': '{host} answered {status} instead of the picture. Check the address, or attach the picture.',
  'error.image.unreachable': '{host} did not send the picture. Try later, or attach it.',
  'error.image.mask':
    'A mask says what of a picture is drawn anew, so it needs that picture too. Attach it as image, or leave the mask out.',
  'error.mask.shape':
    'A mask has the shape of its picture, {width}×{height}; this one is {given}. Paint it over the picture itself.',
  'error.mask.empty':
    'Nothing is covered by this mask: what is white in it is drawn anew, or, where it has transparency, what is transparent.',
  'error.request.mask':
    'Nothing is covered by this mask at the size that is drawn. Paint with a wider brush: white is drawn anew.',
  'error.image.strength':
    'Strength says how much of a picture is drawn anew, so it needs an image. Attach one, or leave it out.',

  'error.allowed.emoji': 'Only who may add emoji to this server can do that.',
  'error.emoji.picture': 'Which picture can be 1 to {count}; you wrote “{given}”.',
  'error.emoji.kind': 'This can be an emoji or a sticker; you wrote “{given}”.',
  'error.emoji.ground': 'The picture shows no plain ground to cut it from. Draw it “on white”, or on transparent.',
  'error.emoji.permission': 'The bot needs the permission Create Expressions to add this. An admin can give it: {link}',
  'error.emoji.full':
    'All places for this kind are taken on this server. Remove one, or take it as a file from the picture.',
  'error.emoji.refused': 'The server took no such file or name. Choose another name.',
  'error.emoji.later': 'No more can be added just now. Try again in a few minutes.',
  'error.allowed.admin': 'Only admins of this server can do this. Ask one of them.',
  'error.allowed.requester': 'Only {name}, who asked for it, or a moderator can do this.',
  'error.allowed.blocked': 'You cannot ask for pictures on this server. Its admins can change that.',
  'error.allowed.role': 'Pictures are drawn here for: {roles}. Ask an admin for one of these roles.',
  'error.allowed.style': 'The style {style} is for: {roles}. Choose another, or ask an admin.',
  'error.allowed.avatar':
    'On this server only your own avatar can be a start. Its admins can change that in /settings.',
  'error.allowed.channel': 'Pictures are not drawn in this channel. Try {channels}.',
  'error.safety.word': 'This prompt has a word that is not drawn here: “{word}”. Change it and ask again.',
  'error.safety.nsfw': '“{word}” is drawn only in channels for adults. Ask there, or change it.',
  'error.safety.nsfw-style': 'The style {style} is used only in channels for adults. Ask there, or choose another.',
  'error.quota.user': 'You have drawn your {of} pictures of today. There will be more in {hours:hour|hours}.',
  'error.quota.user-few': 'You have {left} of {of} pictures left today and asked for {given}. Ask for fewer.',
  'error.quota.server': 'This server has drawn its {of} pictures of today. There will be more in {hours:hour|hours}.',
  'error.queue.user-full': 'You have {limit} pictures in line already. Wait for one, or cancel one.',
  'error.queue.too-long':
    'The wait is about {minutes:minute|minutes}, and here an answer reaches you for 13 minutes only. Ask later, or on a server that has this bot.',
  'error.queue.server-full': 'This server has {limit} pictures in line already. Try again in a moment.',

  'error.job.unknown': 'This picture is no longer known. Ask for it again with /imagine.',
  'error.job.elsewhere': 'This picture belongs to another server. Ask for one here with /imagine.',
  'error.job.unfinished': 'This picture is still being drawn. Try again when it is there.',
  'error.job.over': 'This is over already; there is nothing to cancel.',
  'error.job.model-changed':
    'The model {model} has changed since this picture was drawn; another would come. Press Remix to draw its words anew.',
  'error.job.model-gone': 'The model {model} of this picture is no longer here. Press Remix to draw its words anew.',
  'error.job.style-gone':
    'The style {style} of this picture is no longer here. Press Remix and choose another, or none.',
  'error.job.init-gone':
    'The picture that this one began from is no longer kept. Ask with /imagine and attach it again.',
  'error.job.attempts': 'The device failed {attempts} times with this picture. Try a smaller size, or fewer pictures.',
  'error.upscale.none': '{model} has no upscaler. An operator can add one with its model.',
  'error.upscale.largest': 'This picture is as large as it gets.',
  'error.report.nowhere': 'This server has chosen no channel for reports. Tell one of its admins.',
  'error.button.old': 'This button is not known any more. Ask again with /imagine.',
  'error.command.unknown': 'There is no command “{given}”. /help shows them.',
  'error.command.unknown-near': 'There is no command “{given}”. Did you mean /{closest}?',
  'error.settings.number': '{field} can be {min} to {max}; you wrote “{given}”.',
  'error.settings.word': 'A blocked word has 2 to 60 characters; “{given}” has not.',
  'error.settings.words': 'A server can block {max} words; these are {given}.',
  'error.settings.channel':
    '“{given}” is no channel of this server in which this bot can write. Choose another in /settings.',
  'error.settings.role': 'There is no role or group “{given}” here. Choose one from the list, or write its name.',
  'error.settings.rules': 'There can be {max} such rules. Take one away first.',
  'error.settings.model': 'There is no model “{given}” here. There are: {models}.',
  'error.store.away':
    'The store of this bot does not answer, so nothing can be drawn. Try again in a minute; if it goes on, tell its operator.',
  'error.store.full':
    'The disk of this bot is full, so nothing could be kept. Its operator needs to make room; nothing was counted.',
  'error.upload.host': 'Files are fetched from this chat only; {name} lies elsewhere. Attach it here.',
  'error.upload.size': '{name} can have {max} MB here; it has {given} MB. Attach a smaller one.',
  'error.upload.gone': 'The chat no longer has {name}. Attach it again.',
  'error.upload.unreachable':
    'The chat did not send {name}. Attach it again; if it goes on, this app lacks a permission.',
  'error.place.shut-out':
    'I cannot write in this channel. Invite me with /invite, or ask in another channel or in a message to me.',
  'error.place.unknown': 'This app is not installed in your workspace. Ask one of its admins to add it.{at}',
  'error.place.locked':
    'This app can no longer read its access to your workspace. Ask one of its admins to install it again.{at}',
  'error.form.here': 'This needs a form, which a message cannot open. Type /{command}.',
  'error.form.late': 'The form came too late. Ask again; it is usually quicker.',
  'error.stopping': 'This bot is being restarted. Try again in a moment.',
  'error.fault': 'This did not work, and it is not your doing. Tell the operator this number: {id}.',
} as const;
