/**
 * The shape of a command's declaration. Specs are data (`as const satisfies CommandSpec`); Discord's JSON, Slack's
 * grammar and help, the page's form and the handler's types all come from them. Descriptions and labels are text keys
 * derived from the names: `command.imagine`, `command.imagine.option.prompt`.
 */
import { gathered } from './bounded-bytes.ts';

export type OptionSpec =
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly isRequired: boolean;
      readonly maxLength: number;
      readonly suggests?: 'style' | 'model';
      /** In free text it ends at the next space; other texts run to the next option or the end. */
      readonly isWord?: true;
    }
  | {
      readonly kind: 'integer';
      readonly name: string;
      readonly isRequired: boolean;
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly kind: 'number';
      readonly name: string;
      readonly isRequired: boolean;
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly kind: 'choice';
      readonly name: string;
      readonly isRequired: boolean;
      readonly choices: readonly string[];
    }
  | { readonly kind: 'boolean'; readonly name: string; readonly isRequired: boolean }
  /** A picture: attachment on the platforms, a dropped file on the page. */
  | { readonly kind: 'image'; readonly name: string; readonly isRequired: boolean }
  /** Any other file, by its endings. */
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly isRequired: boolean;
      readonly endings: readonly string[];
    };

export type CommandSpec = {
  /** `imagine`, or two words for a sub-command: `style add`. */
  readonly name: string;
  readonly options: readonly OptionSpec[];
  /** Who may: everybody, or the server's admins (checked again in the handler, whatever the platform hides). */
  readonly audience: 'everybody' | 'admins';
  /** Who sees the answer. */
  readonly visibility: 'public' | 'private';
  /** The option that a chat's free text fills: `/imagine a fox` is `prompt`. */
  readonly textOption?: string;
  /** Other spellings of options in free text: `{ no: 'negative', ar: 'aspect' }`. */
  readonly aliases?: Readonly<Record<string, string>>;
};

/** An uploaded file before it is fetched: fetched only by the adapter that knows whence it may come. */
export type Upload = {
  readonly name: string;
  readonly sizeBytes: number;
  /** Its bytes as they come. Throws `UserError` `upload.*`, for more bytes than the limit too. */
  readonly stream: (limitBytes: number) => AsyncIterable<Uint8Array>;
};

/** All of a file in memory: for pictures, which have a small limit. Throws what its stream throws. */
export async function readUpload(upload: Pick<Upload, 'stream'>, limitBytes: number): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await gathered(upload.stream(limitBytes));
  return new Uint8Array(buffer, byteOffset, byteLength);
}

type ValueOf<O extends OptionSpec> = O extends { kind: 'text' }
  ? string
  : O extends { kind: 'integer' | 'number' }
    ? number
    : O extends { kind: 'choice'; choices: readonly (infer C)[] }
      ? C
      : O extends { kind: 'boolean' }
        ? boolean
        : Upload;

type Named<S extends CommandSpec, R extends boolean> = Extract<S['options'][number], { isRequired: R }>;

/** The values that a handler of the spec receives. */
export type OptionsOf<S extends CommandSpec> = {
  readonly [O in Named<S, true> as O['name']]: ValueOf<O>;
} & {
  readonly [O in Named<S, false> as O['name']]?: ValueOf<O> | undefined;
};

export type OptionValue = string | number | boolean | Upload;

/** What came for a command, before it is checked, and what was filled into a form. */
export type Given = Readonly<Record<string, OptionValue>>;
export type Fields = Readonly<Record<string, string>>;
