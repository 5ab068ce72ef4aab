/** Whole payloads of the chats, for the fuzzer to twist: with every part that is read. */
export const INTERACTION = {
  id: '1', application_id: '2', type: 3, token: 't', channel_id: '3', guild_id: '4', locale: 'en-US',
  data: { custom_id: '1.u1.job', component_type: 2, values: ['a'], components: [{ type: 1, components: [{ type: 4, custom_id: 'x', value: 'y' }] }], options: [{ name: 'prompt', type: 3, value: 'a fox' }] },
  member: { user: { id: '5', username: 'ada', global_name: 'Ada' }, permissions: '8' },
  message: { id: '6', components: [{ type: 1, components: [{ type: 2, custom_id: '1.u1.job' }] }] },
}; // prettier-ignore

export const SLACK = {
  type: 'block_actions', user: { id: 'U1', username: 'ada', team_id: 'T1' }, team: { id: 'T1' }, channel: { id: 'C1' }, trigger_id: '1.2', response_url: 'https://hooks.slack.com/x',
  callback_id: 'upscale', command: '/imagine', text: 'a fox', user_id: 'U1', channel_id: 'C1', team_id: 'T1', view: { id: 'V', hash: 'h', state: { values: { a: { b: { value: 'c' } } } } },
  container: { message_ts: '1.1', channel_id: 'C1', is_ephemeral: false }, message: { ts: '1.1', blocks: [{ type: 'actions', elements: [{ type: 'button', value: '1.u1.job' }] }], files: [] },
  actions: [{ type: 'button', action_id: 'b', value: '1.u1.job', action_ts: '1' }],
}; // prettier-ignore
