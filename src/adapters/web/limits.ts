/** What the local page allows: one table, used by the parser, the renderer, the server and the tests. */
const MB = 1024 * 1024;
const MINUTE_MS = 60_000;

export const LIMITS = {
  // ── one message ──
  /** What one answer's picture may weigh. */
  pictureBytes: 25 * MB,
  idCharacters: 100,
  /** Messages kept, the oldest forgotten first. */
  messages: 200,
  /** What the files of kept messages weigh in all. */
  historyBytes: 512 * MB,
  /** Pictures of the gallery. */
  gallery: 120,
  nameCharacters: 40,
  /** Small pictures of styles that are held. */
  stylePictures: 400,

  // ── one request ──
  /** A body without files, and the action beside files. */
  jsonBytes: 64 * 1024,
  /** One request of a visitor with its files, and one of the operator, who brings styles. */
  visitorBytes: 21 * MB,
  operatorBytes: 513 * MB,
  filesPerRequest: 12,
  /** A body that takes longer is let go. */
  uploadMs: 10 * MINUTE_MS,
  /** After its last byte a form is understood within so long, or not at all. */
  formEndMs: 3000,
  /** A body of which nothing comes for so long is let go. */
  formStallMs: 20_000,

  // ── at once ──
  /** Event streams: in all, of one address, of one browser. */
  streams: 64,
  streamsPerAddress: 32,
  streamsPerPerson: 8,
  /** Bodies being received: in all, of one address. */
  uploads: 8,
  uploadsPerAddress: 3,
  /** Forms whose files lie on disk until what they came for is done: in all, of one address. */
  heldForms: 64,
  heldFormsPerAddress: 8,
  /** Requests of chats' platforms under way: in all, of one address. */
  mounted: 128,
  mountedPerAddress: 64,
  /** What waits for a browser that does not read its stream, before it is let go. */
  streamBacklogBytes: MB,
  /** A browser that takes nothing of a live picture for so long gets no more of it, and its place is another's. */
  liveStallMs: 30_000,

  // ── one address, each minute ──
  /** Whatever is asked for: the page with its pictures are about 200. */
  requestsPerMinute: 3000,
  actionsPerMinute: 120,
  livePerMinute: 1200,
  /** Wrong tokens, of visitors and operators. */
  wrongTokensPerMinute: 10,
  /** Browsers that an address may bring in an hour; the next ones share one person. */
  newPeoplePerHour: 60,
  /** Addresses that are counted at the same time; the longest quiet is forgotten first. */
  countedAddresses: 10_000,
} as const;

/** What an operator sets. */
export type PageLimits = Readonly<
  Record<
    | 'requestsPerMinute'
    | 'actionsPerMinute'
    | 'livePerMinute'
    | 'visitorBytes'
    | 'operatorBytes'
    | 'historyBytes'
    | 'streams'
    | 'streamsPerAddress'
    | 'uploads'
    | 'uploadsPerAddress',
    number
  >
>;

/** What is held at this moment, for figures. */
export type PageUsage = Readonly<Record<'streams' | 'bodies' | 'forms' | 'platforms' | 'historyBytes', number>>;
