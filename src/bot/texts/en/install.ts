/** English: the pages that a browser sees while a workspace takes the app in. */
export const install = {
  'install.done': 'Fourstep is in. Go back to your chat and type /imagine a fox on blue.',
  'install.state': 'This installation was begun elsewhere, or too long ago. Open the link that installs the app again.',
  'install.failed': 'The app was not installed. Open the link that installs it again.',
};
