/** English: the bot's own page in a chat, what it says of itself to those who run it there, and the pages of a browser that installs it. */
export const home = {
  'home.title': 'Pictures from words, in four steps',
  'home.about':
    'Type /imagine and what you want to see, in any channel; in a thread or here, mention me or just write. A machine draws it.',
  'home.draw': 'Draw a picture',
  'home.pictures': 'Your latest pictures',
  'home.no-pictures': 'You have no pictures here yet.',
  'menu.imagine': 'Imagine…',
  'form.where': 'Answer in',
  'form.where-hint': 'Left empty, the answer comes to you alone.',
  'scope.missing':
    'This app lacks the permission {scope} here ({purpose}), so something that somebody asked for could not be done. Add it at api.slack.com/apps under OAuth & Permissions, and install the app again.',
  'install.done': 'Fourstep is in. Go back to your chat and type /imagine a fox on blue.',
  'install.state': 'This installation was begun elsewhere, or too long ago. Open the link that installs the app again.',
  'install.failed': 'The app was not installed. Open the link that installs it again.',
};
