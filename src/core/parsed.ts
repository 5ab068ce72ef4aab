/** The type that a schema reads, as data that nobody changes: a record's shape is written once, where it is parsed. */
import type { z } from 'zod';

type Unchanging<T> = T extends Uint8Array
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: Unchanging<T[Key]> }
    : T;

export type Parsed<Schema extends z.ZodType> = Unchanging<z.output<Schema>>;

/** Undefined for what is no JSON: the schema then says what was expected. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
