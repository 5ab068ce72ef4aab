/**
 * What Discord's own client does with a slash command before it sends it: the command must be registered and visible,
 * the options must exist, be complete and fit. Turns `style add` and named values into the payload's `data`.
 */
import type { RegisteredCommand, ValueOption } from './command-rules.ts';
import { PERMISSIONS, bitsOf } from './world.ts';
import type { FakeUser, StoredFile } from './world.ts';

export type UploadValue = { readonly name: string; readonly contentType: string; readonly data: Uint8Array };
export type SlashValue = string | number | boolean | UploadValue;
export type SlashOptions = Readonly<Record<string, SlashValue>>;

type Registered = RegisteredCommand & { readonly id: string };
type Upload = (upload: UploadValue) => { readonly file: StoredFile; readonly json: unknown };

/** The registered command and the option list that the words name. Throws where a client would show nothing. */
export function findSlashCommand(
  commands: readonly Registered[],
  words: string,
  user: FakeUser,
): { readonly command: Registered; readonly sub: string | undefined; readonly options: readonly ValueOption[] } {
  const [name, sub] = words.split(' ');
  const command = commands.find((each) => each.name === name && (each.type ?? 1) === 1);
  if (command === undefined) {
    throw new Error(`/${words} is not registered`);
  }
  const demanded = command.default_member_permissions;
  if (demanded !== undefined && demanded !== null && !isAllowed(BigInt(demanded), user)) {
    throw new Error(`/${words} is hidden from ${user.name}`);
  }
  const options = 'options' in command ? (command.options ?? []) : [];
  const inner = options.flatMap((option) => (option.type === 1 && option.name === sub ? [option] : []));
  if (sub !== undefined && inner.length === 0) {
    throw new Error(`/${words} is not registered`);
  }
  const valued = sub === undefined ? options : (inner[0]?.options ?? []);
  return { command, sub, options: valued.filter((option): option is ValueOption => option.type !== 1) };
}

export function slashData(
  found: ReturnType<typeof findSlashCommand>,
  values: SlashOptions,
  upload: Upload,
): Record<string, unknown> {
  const attachments: Record<string, unknown> = {};
  const missing = found.options.filter((option) => option.required === true && values[option.name] === undefined);
  if (missing.length > 0) {
    throw new Error(`the client asks for ${missing.map((option) => option.name).join(', ')}`);
  }
  const options = Object.entries(values).map(([name, value]) => {
    const option = found.options.find((each) => each.name === name);
    if (option === undefined) {
      throw new Error(`/${found.command.name} has no option ${name}`);
    }
    if (typeof value === 'object') {
      const { file, json } = upload(value);
      attachments[file.id] = json;
      return { name, type: option.type, value: file.id };
    }
    fits(option, value);
    return { name, type: option.type, value };
  });
  return {
    id: found.command.id,
    name: found.command.name,
    type: 1,
    options: found.sub === undefined ? options : [{ name: found.sub, type: 1, options }],
    ...(Object.keys(attachments).length === 0 ? {} : { resolved: { attachments } }),
  };
}

function fits(option: ValueOption, value: string | number | boolean): void {
  const kinds = new Map<number, string>([
    [3, 'string'],
    [4, 'number'],
    [5, 'boolean'],
    [10, 'number'],
  ]);
  const isOut =
    kinds.get(option.type) !== typeof value ||
    (option.type === 4 && !Number.isInteger(value)) ||
    (typeof value === 'number' &&
      (value < (option.min_value ?? -Infinity) || value > (option.max_value ?? Infinity))) ||
    (typeof value === 'string' && value.length > (option.max_length ?? 6000)) ||
    (option.choices !== undefined && !option.choices.some((choice) => choice.value === value));
  if (isOut) {
    throw new Error(`the client does not accept ${JSON.stringify(value)} for ${option.name}`);
  }
}

function isAllowed(demanded: bigint, user: FakeUser): boolean {
  const has = bitsOf(user.permissions);
  return (has & PERMISSIONS.administrator) !== 0n || (has & demanded) === demanded;
}
