/** The figures as Prometheus reads them. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { measured } from '../../src/health/measured-runner.ts';
import { Metrics } from '../../src/health/metrics.ts';
import { describeRunnerPort } from '../conformance/runner-port.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { eventsOf, imagine } from '../support/work.ts';

function scene() {
  const stub = createStubRunner({ device: 'cuda:0' });
  const metrics = new Metrics();
  metrics.watch({
    hands: () => ({ pictures: 5, styles: 6 }),
    kept: (kind) => (kind === 'loras' ? 512 : 0),
    queue: () => ({ waiting: 3, running: 2, servers: 1 }),
    runners: () =>
      stub.health().map((one) => ({ ...one, batches: { calls: 10, rows: 25, maxRows: 16, uploadedBytes: 4096 } })),
  });
  return { metrics, runner: measured(stub, metrics) };
}

describeRunnerPort('a runner that is measured', async (options) => {
  const { metrics } = scene();
  return measured(createStubRunner(options), metrics);
});

describe('the figures', () => {
  it('count what happened, and read queue and runners when asked', async () => {
    const { metrics, runner } = scene();
    metrics.waited(0.2);
    metrics.acknowledged('discord', 0.03);
    metrics.ended('done');
    metrics.ended('done');
    metrics.ended('failed');
    metrics.restarted('cuda:0');
    metrics.refused('page.often');
    metrics.refused('page.often');
    metrics.refused('option.range');
    metrics.limitedBy({ styles_mb: 32 });
    metrics.watchPage(() => ({ streams: 1, bodies: 2, forms: 3, platforms: 4, historyBytes: 5 }));
    // Of what no limit refused there is no figure.
    expect((await metrics.text()).text).not.toContain('option.range');
    await eventsOf(runner.run(imagine({ count: 2, steps: 4 }), new AbortController().signal));
    const { contentType, text } = await metrics.text();
    expect(contentType).toMatch(/^text\/plain/);
    const lines = text.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'fourstep_pictures_in_hand 5',
        'fourstep_style_files_in_hand 6',
        'fourstep_refusals_total{code="page.often"} 2',
        'fourstep_limit{limit="styles_mb"} 32',
        'fourstep_page_streams 1',
        'fourstep_page_bodies 2',
        'fourstep_page_forms 3',
        'fourstep_page_platform_requests 4',
        'fourstep_page_history_bytes 5',
        'fourstep_queue_waiting 3',
        'fourstep_queue_running 2',
        'fourstep_queue_servers 1',
        'fourstep_wait_seconds_count 1',
        'fourstep_acknowledgement_seconds_count{platform="discord"} 1',
        'fourstep_jobs_total{outcome="done"} 2',
        'fourstep_jobs_total{outcome="failed"} 1',
        'fourstep_runner_restarts_total{device="cuda:0"} 1',
        'fourstep_runner_up{device="cuda:0"} 1',
        'fourstep_batch_calls{device="cuda:0"} 10',
        'fourstep_batch_rows{device="cuda:0"} 25',
        'fourstep_uploaded_bytes{device="cuda:0"} 4096',
        'fourstep_pictures_total 2',
        // Four steps of a picture have three intervals between them.
        'fourstep_step_seconds_count 6',
        'fourstep_decode_seconds_count 2',
        'fourstep_job_seconds_count 1',
      ]),
    );
  });

  it('carry no label that could name a person, a server or a prompt', async () => {
    const { metrics, runner } = scene();
    metrics.acknowledged('slack', 0.1);
    metrics.ended('done');
    await eventsOf(runner.run(imagine({ prompt: 'a secret' }), new AbortController().signal));
    const { text } = await metrics.text();
    const own = text.split('\n').filter((line) => line.startsWith('fourstep_'));
    const labels = new Set(own.flatMap((line) => [...line.matchAll(/(\w+)="/g)].map((match) => match[1])));
    expect(labels).toEqual(new Set(['device', 'le', 'outcome', 'platform']));
    expect(text).not.toContain('secret');
  });

  it('are the ones that the dashboard shows', async () => {
    const { metrics } = scene();
    const { text } = await metrics.text();
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]));
    const dashboard = readFileSync(new URL('../../config/grafana-dashboard.json', import.meta.url), 'utf8');
    const shown = new Set(
      [...dashboard.matchAll(/\b((?:fourstep|nodejs|process)_\w+)/g)].map((match) =>
        match[1]?.replace(/_(bucket|sum|count)$/, ''),
      ),
    );
    expect([...shown].filter((name) => !known.has(name ?? ''))).toEqual([]);
    expect(shown.size).toBeGreaterThan(10);
  });
});
