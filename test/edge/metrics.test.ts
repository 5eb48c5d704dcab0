import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeMetrics } from '../../src/edge/metrics.ts';

test('what was counted is shown in Prometheus text', () => {
  const metrics = makeMetrics(['payin', 'fufu'], false);
  metrics.request('serve', 'payin', 'answered', 30);
  metrics.request('serve', 'payin', 'answered', 3);
  metrics.request('call', 'fufu', 'unknown', 12_000);
  metrics.notice('fufu', 'acknowledged');
  metrics.chase('payin', 'settled');
  metrics.forgedCallback('payin');
  metrics.queue('notices', 12, 4500);
  metrics.ledgerImbalance(0);
  metrics.inFlight(3);
  const lines = metrics.text().split('\n');
  for (const line of [
    'kanal_request_duration_seconds_count{arrow="serve",protocol="payin",outcome="answered"} 2',
    'kanal_request_duration_seconds_bucket{le="0.005",arrow="serve",protocol="payin",outcome="answered"} 1',
    'kanal_request_duration_seconds_sum{arrow="call",protocol="fufu",outcome="unknown"} 12',
    'kanal_notice_attempts_total{protocol="fufu",outcome="acknowledged"} 1',
    'kanal_chases_total{protocol="payin",outcome="settled"} 1',
    'kanal_forged_callbacks_total{protocol="payin"} 1',
    'kanal_queue_waiting{queue="notices"} 12',
    'kanal_queue_oldest_seconds{queue="notices"} 4.5',
    'kanal_ledger_imbalance 0',
    'kanal_requests_in_flight 3',
  ]) {
    assert.ok(lines.includes(line), `${line}\nin\n${lines.join('\n')}`);
  }
});

test('invented protocol names make no series', () => {
  const metrics = makeMetrics(['payin'], false);
  for (let i = 0; i < 1000; i++) metrics.forgedCallback(`protocol-${i}`);
  const series = metrics
    .text()
    .split('\n')
    .filter((line) => line.startsWith('kanal_forged'));
  assert.deepEqual(series, ['kanal_forged_callbacks_total{protocol="none"} 1000']);
});

test('two registries in one process do not meet', () => {
  const one = makeMetrics(['payin']);
  const two = makeMetrics(['payin']);
  one.forgedCallback('payin');
  assert.doesNotMatch(two.text(), /kanal_forged_callbacks_total\{/);
  assert.match(two.text(), /process_cpu_seconds_total/);
  assert.match(one.contentType, /^text\/plain/);
});
