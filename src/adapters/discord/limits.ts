/**
 * What Discord accepts, in one table: render and commands cut to it, tests compare with it. Characters where nothing
 * else is said. From the platform's reference on messages, components, commands and interactions.
 */
export const LIMITS = {
  content: 2000,
  rows: 5,
  rowButtons: 5,
  customId: 100,
  buttonLabel: 80,
  selectChoices: 25,
  /** And at least two. */
  radioChoices: 10,
  selectText: 100,
  selectPlaceholder: 150,
  files: 10,
  altText: 1024,
  /** What an upload may weigh where an interaction does not say. */
  uploadBytes: 10 * 1024 * 1024,
  formTitle: 45,
  formFields: 5,
  formFiles: 10,
  formLabel: 45,
  formValue: 4000,
  suggestions: 25,
  suggestionText: 100,
  nonce: 25,
  commandName: 32,
  commandDescription: 100,
  /** Names, descriptions and values of one command together; of localisations the longest counts. */
  commandCharacters: 8000,
  textOption: 6000,
  fileTypes: 10,
  tokenLivesMs: 15 * 60_000,
  /** Where nothing but the token reaches the asker, a longer wait is not begun. */
  personalWaitMs: 13 * 60_000,
  /** Of one interaction, where the bot is installed by the person alone. */
  personalFollowUps: 5,
} as const;
