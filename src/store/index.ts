/** What is kept, and where. */
export type Stores = Readonly<Record<string, never>>;
