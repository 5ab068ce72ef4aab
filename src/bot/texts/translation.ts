/** The shape of a translation: every key of the English table, each with words of its own. */
export type Translation<English extends Readonly<Record<string, string>>> = {
  readonly [Key in keyof English]: string;
};
