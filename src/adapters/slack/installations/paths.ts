/** Where a browser goes to install the app, and where Slack sends it back to. */
export const INSTALL_PATH = '/slack/install';
export const REDIRECT_PATH = '/slack/oauth_redirect';
