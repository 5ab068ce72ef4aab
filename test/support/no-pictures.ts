/** The readers of an engine where nothing starts from a picture. */
const none = (): Promise<never> => Promise.reject(new Error('there is no picture to start from'));

export const NO_PICTURES = { readPicture: none, readMask: none };
