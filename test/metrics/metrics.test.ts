import { readFileSync } from 'node:fs'
import t from 'tap'
import { mergedExposition, type Report } from '../../src/metrics/merge.ts'
import { createMetrics, type Metrics } from '../../src/metrics/metrics.ts'
import { metricsReference } from '../../src/metrics/reference.ts'
import { createSeries } from '../../src/metrics/series.ts'
import { createSpread } from '../../src/metrics/spread.ts'
import { samplesIn } from '../support/metrics.ts'

const facts = {
  method: 'GET',
  host: 'app.example.com',
  path: '/',
  status: 200,
  durationMs: 3,
  rule: 'routes[0]',
  decision: 'forward',
  reason: 'public',
  requestId: 'r',
  client: '192.0.2.7',
  isAborted: false,
}

t.test('a child is found again by its label values, in their order', async (t) => {
  const series = createSeries(['a', 'b'], () => ({ value: 0 }))
  series.of('x', 1).value += 1
  series.of('x', 1).value += 1
  series.of(1, 'x').value += 5
  t.strictSame(series.entries(), [
    { labels: { a: 'x', b: '1' }, child: { value: 2 } },
    { labels: { a: '1', b: 'x' }, child: { value: 5 } },
  ])
  const single = createSeries([], () => ({ value: 0 }))
  t.equal(single.of(), single.of())
  t.strictSame(single.entries()[0]?.labels, {})
})

t.test('a value belongs to the first bound that is not below it', async (t) => {
  const spread = createSpread([1, 2])
  for (const value of [0, 1, 1.5, 2, 3]) spread.add(value)
  t.strictSame(spread.buckets(), [
    { le: '1', count: 2 },
    { le: '2', count: 4 },
    { le: '+Inf', count: 5 },
  ])
  t.strictSame(spread.total(), { sum: 7.5, count: 5 })
})

t.test('what is shed and what an audit loses is counted', async (t) => {
  const { observer, exposition } = createMetrics({ now: () => 0 })
  observer.shed('too-many-requests')
  observer.auditFailed('dropped')
  observer.unreadable(431)
  const samples = samplesIn(await exposition.text())
  t.equal(samples.get('postern_requests_shed_total{reason="too-many-requests"}'), 1)
  t.equal(samples.get('postern_audit_failures_total{failure="dropped"}'), 1)
  t.equal(samples.get('postern_audit_failures_total{failure="write-failed"}'), 0)
  t.match(exposition.contentType, /^text\/plain; version=0\.0\.4/)
})

/** As it arrives from another process. */
const sent = async (metrics: Metrics) => JSON.parse(JSON.stringify(await metrics.snapshot()))
const requests = 'postern_requests_total{rule="routes[0]",status="200"}'

t.test('those of several processes are merged: counts add up, the first one tells of reloads', async (t) => {
  const [primary, one, other] = [100, 200, 300].map((at) => createMetrics({ now: () => at })) as [
    Metrics,
    Metrics,
    Metrics,
  ]
  for (const { observer } of [one, one, other]) observer.requestEnded(facts)
  one.observer.streamOpened('websocket')
  other.observer.streamOpened('websocket')
  primary.observer.reloaded({ outcome: 'refused' })
  const { text, contentType } = mergedExposition(primary.snapshot, async () => [
    { id: 1, snapshot: await sent(one) },
    { id: 2, snapshot: await sent(other) },
  ])
  t.equal(contentType, primary.exposition.contentType)
  const samples = samplesIn(await text())
  t.equal(samples.get(requests), 3)
  t.equal(samples.get('postern_request_duration_seconds_count{rule="routes[0]"}'), 3)
  t.equal(samples.get('postern_request_duration_seconds_bucket{rule="routes[0]",le="0.005"}'), 3)
  t.equal(samples.get('postern_open_streams{kind="websocket"}'), 2)
  t.equal(samples.get('postern_config_last_reload_successful'), 0)
  t.equal(samples.get('postern_config_last_reload_success_timestamp_seconds'), 100)
  t.equal(samples.get('postern_config_reloads_total{outcome="refused"}'), 1)
})

t.test('what a process counted stays when it has ended, and when it is too busy to tell', async (t) => {
  const [primary, one, other] = [0, 0, 0].map(() => createMetrics({ now: () => 0 })) as [
    Metrics,
    Metrics,
    Metrics,
  ]
  let reports: Report[] = []
  const { text } = mergedExposition(primary.snapshot, async () => reports)
  const scraped = async () => {
    const samples = samplesIn(await text())
    return [requests, 'postern_open_streams{kind="websocket"}'].map((name) => samples.get(name))
  }
  one.observer.requestEnded(facts)
  one.observer.streamOpened('websocket')
  reports = [{ id: 1, snapshot: await sent(one) }]
  t.strictSame(await scraped(), [1, 1])
  reports = [{ id: 1, snapshot: undefined }]
  t.strictSame(await scraped(), [1, 1], 'busy')
  other.observer.requestEnded(facts)
  reports = [{ id: 2, snapshot: await sent(other) }]
  t.strictSame(await scraped(), [2, 0], 'its streams are gone')
  t.strictSame(await scraped(), [2, 0], 'and it is not added twice')
  reports = []
  t.strictSame(await scraped(), [2, 0])
})

t.test('the published list of metrics is that of the code (npm run docs writes it)', async (t) => {
  t.equal(readFileSync('config/metrics.md', 'utf8'), metricsReference())
})
