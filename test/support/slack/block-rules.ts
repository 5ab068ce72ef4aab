/**
 * What Slack's reference says of blocks and views, as a judge: documented limits, no unknown properties, ids once.
 * Written from Slack's pages, not from our renderer, so that the two can disagree.
 */
import { z } from 'zod';

import { isJson, type Json, records } from './json.ts';

export type FileUse = (id: string) => boolean;

const plain = (max: number) =>
  z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(max), emoji: z.boolean().optional() });
const mrkdwn = (max: number) =>
  z.strictObject({ type: z.literal('mrkdwn'), text: z.string().min(1).max(max), verbatim: z.boolean().optional() });
const anyText = (max: number) => z.union([plain(max), mrkdwn(max)]);
const blockId = z.string().min(1).max(255).optional();
const actionId = z.string().min(1).max(255);
const option = z.strictObject({
  text: plain(75),
  value: z.string().min(1).max(150),
  description: plain(75).optional(),
});

const button = z.strictObject({
  type: z.literal('button'),
  action_id: actionId,
  text: plain(75),
  value: z.string().max(2000).optional(),
  url: z.string().max(3000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: z.string().max(75).optional(),
});
const staticSelect = z.strictObject({
  type: z.literal('static_select'),
  action_id: actionId,
  placeholder: plain(150).optional(),
  options: z.array(option).min(1).max(100),
  initial_option: option.optional(),
});
const multiStaticSelect = z.strictObject({
  type: z.literal('multi_static_select'),
  action_id: actionId,
  placeholder: plain(150).optional(),
  options: z.array(option).min(1).max(100),
  initial_options: z.array(option).min(1).optional(),
});
const externalSelect = z.strictObject({
  type: z.literal('external_select'),
  action_id: actionId,
  placeholder: plain(150).optional(),
  min_query_length: z.number().int().min(0).optional(),
  initial_option: option.optional(),
});
const conversation = z.string().regex(/^[CGD][A-Z0-9]+$/);
const conversationFilter = z.strictObject({
  include: z
    .array(z.enum(['im', 'mpim', 'private', 'public']))
    .min(1)
    .optional(),
  exclude_external_shared_channels: z.boolean().optional(),
  exclude_bot_users: z.boolean().optional(),
});
const conversationSelect = z.strictObject({
  type: z.literal('conversations_select'),
  action_id: actionId,
  initial_conversation: conversation.optional(),
  filter: conversationFilter.optional(),
  default_to_current_conversation: z.boolean().optional(),
  response_url_enabled: z.boolean().optional(),
});
const conversationsSelect = z.strictObject({
  type: z.literal('multi_conversations_select'),
  action_id: actionId,
  initial_conversations: z.array(conversation).min(1).optional(),
  filter: conversationFilter.optional(),
});
const textInput = z.strictObject({
  type: z.literal('plain_text_input'),
  action_id: actionId,
  multiline: z.boolean().optional(),
  initial_value: z.string().min(1).max(3000).optional(),
  min_length: z.number().int().min(0).max(3000).optional(),
  max_length: z.number().int().min(1).max(3000).optional(),
  placeholder: plain(150).optional(),
});
const numberInput = z.strictObject({
  type: z.literal('number_input'),
  action_id: actionId,
  is_decimal_allowed: z.boolean(),
  initial_value: z.string().optional(),
  min_value: z.string().optional(),
  max_value: z.string().optional(),
});
const radioButtons = z.strictObject({
  type: z.literal('radio_buttons'),
  action_id: actionId,
  options: z.array(option).min(1).max(10),
  initial_option: option.optional(),
});
const checkboxes = z.strictObject({
  type: z.literal('checkboxes'),
  action_id: actionId,
  options: z.array(option).min(1).max(10),
  initial_options: z.array(option).min(1).optional(),
});
const fileInput = z.strictObject({
  type: z.literal('file_input'),
  action_id: actionId,
  filetypes: z.array(z.enum(['png', 'jpg', 'jpeg', 'gif', 'webp', 'pdf', 'txt'])).optional(),
  max_files: z.number().int().min(1).max(10).optional(),
});

const style = z
  .strictObject({ bold: z.boolean(), italic: z.boolean(), strike: z.boolean(), code: z.boolean() })
  .partial();
const richElement = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string().min(1), style: style.optional() }),
  z.strictObject({ type: z.literal('user'), user_id: z.string().regex(/^[UW]/), style: style.optional() }),
  z.strictObject({ type: z.literal('channel'), channel_id: z.string().regex(/^[CG]/), style: style.optional() }),
  z.strictObject({
    type: z.literal('date'),
    timestamp: z.number().int(),
    format: z.string(),
    fallback: z.string().optional(),
  }),
]);

const messageBlocks = [
  z.strictObject({ type: z.literal('section'), block_id: blockId, text: anyText(3000) }),
  z.strictObject({ type: z.literal('divider'), block_id: blockId }),
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plain(150) }),
  z.strictObject({ type: z.literal('context'), block_id: blockId, elements: z.array(anyText(3000)).min(1).max(10) }),
  z.strictObject({
    type: z.literal('image'),
    block_id: blockId,
    alt_text: z.string().min(1).max(2000),
    title: plain(2000).optional(),
    image_url: z.string().max(3000).optional(),
    slack_file: z.strictObject({ id: z.string().optional(), url: z.string().optional() }).optional(),
  }),
  z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z
      .array(z.discriminatedUnion('type', [button, staticSelect, externalSelect]))
      .min(1)
      .max(25),
  }),
  z.strictObject({
    type: z.literal('rich_text'),
    block_id: blockId,
    elements: z
      .array(z.strictObject({ type: z.literal('rich_text_section'), elements: z.array(richElement).min(1) }))
      .min(1),
  }),
] as const;
const inputBlock = z.strictObject({
  type: z.literal('input'),
  block_id: blockId,
  label: plain(2000),
  hint: plain(2000).optional(),
  optional: z.boolean().optional(),
  element: z.discriminatedUnion('type', [
    textInput,
    numberInput,
    radioButtons,
    checkboxes,
    fileInput,
    staticSelect,
    multiStaticSelect,
    externalSelect,
    conversationSelect,
    conversationsSelect,
  ]),
});

const messageBlock = z.discriminatedUnion('type', [...messageBlocks]);
const viewBlock = z.discriminatedUnion('type', [...messageBlocks, inputBlock]);
const view = z.strictObject({
  type: z.literal('modal'),
  callback_id: z.string().max(255).optional(),
  title: plain(24),
  submit: plain(24).optional(),
  close: plain(24).optional(),
  private_metadata: z.string().max(3000).optional(),
  notify_on_close: z.boolean().optional(),
  blocks: z.array(viewBlock).min(1).max(100),
});

const homeView = z.strictObject({
  type: z.literal('home'),
  callback_id: z.string().max(255).optional(),
  private_metadata: z.string().max(3000).optional(),
  blocks: z.array(messageBlock).min(1).max(100),
});

/** What is wrong with a Home tab. */
export function homeFaults(candidate: Json, isUsable: FileUse): readonly string[] {
  const parsed = homeView.safeParse(candidate);
  const blocks = records(candidate['blocks']);
  const shape = parsed.success ? [] : issues(parsed.error, '/view');
  return [...shape, ...idFaults(blocks), ...fileFaults(blocks, isUsable), ...choiceFaults(blocks)];
}

/** What is wrong with a message's blocks, as Slack words it; empty when nothing is. */
export function messageFaults(blocks: unknown, isUsable: FileUse): readonly string[] {
  const parsed = z.array(messageBlock).max(50).safeParse(blocks);
  const shape = parsed.success ? [] : issues(parsed.error, '/blocks');
  return [...shape, ...idFaults(records(blocks)), ...fileFaults(records(blocks), isUsable), ...choiceFaults(blocks)];
}

export function viewFaults(candidate: unknown): readonly string[] {
  const parsed = view.safeParse(candidate);
  const blocks = isJson(candidate) ? records(candidate['blocks']) : [];
  const needsSubmit =
    blocks.some((block) => block['type'] === 'input') && isJson(candidate) && candidate['submit'] === undefined;
  return [
    ...(parsed.success ? [] : issues(parsed.error, '/view')),
    ...idFaults(blocks),
    ...choiceFaults(blocks),
    ...(needsSubmit ? ['missing required field: submit [json-pointer:/view]'] : []),
  ];
}

function issues(error: z.ZodError, root: string): readonly string[] {
  return error.issues.map((issue) => `${issue.message} [json-pointer:${[root, ...issue.path].join('/')}]`);
}

function idFaults(blocks: readonly Json[]): readonly string[] {
  const blockIds = blocks.map((block) => block['block_id']).filter((id) => id !== undefined);
  // Inputs of a view are told apart by their block; everything else by its action.
  const actionIds = blocks.flatMap((block) => records(block['elements'])).map((element) => element['action_id']);
  const given = actionIds.filter((id) => id !== undefined);
  return [
    ...(new Set(blockIds).size < blockIds.length ? ['block_id already exists'] : []),
    ...(new Set(given).size < given.length ? ['action_id already exists'] : []),
  ];
}

function fileFaults(blocks: readonly Json[], isUsable: FileUse): readonly string[] {
  return blocks.flatMap((block, index) => {
    if (block['type'] !== 'image') {
      return [];
    }
    const file = block['slack_file'];
    const [hasUrl, hasFile] = [block['image_url'] !== undefined, isJson(file)];
    if (hasUrl === hasFile) {
      return [`exactly one of image_url and slack_file is needed [json-pointer:/blocks/${index}]`];
    }
    const id = isJson(file) ? file['id'] : undefined;
    const isFine = !hasFile || (typeof id === 'string' && isUsable(id));
    return isFine ? [] : [`invalid slack file [json-pointer:/blocks/${index}/slack_file]`];
  });
}

/** A preselected option has to be one of the options, letter for letter. */
function choiceFaults(blocks: unknown): readonly string[] {
  return records(blocks)
    .flatMap((block) => [...records(block['elements']), ...records([block['element']])])
    .filter((element) => element['type'] === 'static_select' && element['initial_option'] !== undefined)
    .filter((element) => {
      const wanted = JSON.stringify(element['initial_option']);
      return !records(element['options']).some((choice) => JSON.stringify(choice) === wanted);
    })
    .map((element) => `initial_option is none of the options: ${String(element['action_id'])}`);
}
