import t, { type Test } from 'tap'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { samplesIn, scrape, textAt } from '../support/metrics.ts'
import {
  ask,
  cookieLine,
  requestBytes,
  type SceneOptions,
  startScene,
  startSignedIn,
} from '../support/scene.ts'

const counting = () => createMetrics({ now: () => 1_800_000_000 })
const metered = (t: Test, options: SceneOptions = {}) => startSignedIn(t, { ...options, metrics: counting() })

const webSocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Every series of a metric, without its name. */
async function seriesOf(gateway: { admin: string }, name: string): Promise<Record<string, number>> {
  const found = [...(await scrape(gateway))].filter(
    ([series]) => series.startsWith(`${name}{`) || series === name,
  )
  return Object.fromEntries(found.map(([series, value]) => [series.slice(name.length), value]))
}

t.test('requests are counted by route and status, and what was decided about them', async (t) => {
  const scene = await metered(t, {
    routes: [
      'path: /**, access: authenticated',
      'path: /p, access: public',
      'path: /admin, claims: { groups: [gods] }',
    ],
  })
  const { gateway } = scene
  await ask(gateway, 'GET /p?secret=1')
  await ask(gateway, 'GET /x', [cookieLine(scene)])
  await ask(gateway, 'GET /x')
  await ask(gateway, 'GET /x', ['Accept: text/html'])
  await ask(gateway, 'GET /admin', [cookieLine(scene)])
  await ask(gateway, 'GET /a/../b')
  await ask(gateway, 'GET /p', ['Host: stranger.test'])
  const requests = await seriesOf(gateway, 'postern_requests_total')
  t.match(requests, {
    '{rule="routes[1]",status="200"}': 1,
    '{rule="routes[0]",status="401"}': 1,
    '{rule="routes[0]",status="302"}': 1,
    '{rule="routes[2]",status="403"}': 1,
    '{rule="none",status="400"}': 1,
    '{rule="none",status="421"}': 1,
  })
  t.match(await seriesOf(gateway, 'postern_decisions_total'), {
    '{decision="forward",reason="public"}': 1,
    '{decision="challenge",reason="no-session"}': 1,
    '{decision="login",reason="no-session"}': 1,
    '{decision="forbid",reason="missing-claim"}': 1,
    '{decision="answer",reason="target-not-canonical"}': 1,
    '{decision="answer",reason="host-unknown"}': 1,
  })
  const samples = await scrape(gateway)
  t.equal(samples.get('postern_request_duration_seconds_count{rule="routes[1]"}'), 1)
  t.equal(samples.get('postern_request_duration_seconds_bucket{rule="routes[1]",le="+Inf"}'), 1)
  t.ok((samples.get('postern_request_duration_seconds_sum{rule="routes[1]"}') ?? 0) > 0)
})

t.test('an upstream may answer with any number, and there are few series all the same', async (t) => {
  let status = 599
  const { gateway } = await startScene(t, {
    metrics: counting(),
    routes: ['path: /**, access: public'],
    answer: (connection) => {
      connection.socket.on('data', () =>
        connection.send(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`),
      )
    },
  })
  for (status of [599, 598, 255]) await ask(gateway, 'GET /')
  t.strictSame(await seriesOf(gateway, 'postern_requests_total'), {
    '{rule="routes[0]",status="5xx"}': 2,
    '{rule="routes[0]",status="2xx"}': 1,
  })
})

t.test('upstreams are counted by what they answer, and by why they do not', async (t) => {
  let answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
  const { gateway } = await startScene(t, {
    metrics: counting(),
    routes: ['path: /**, access: public', 'path: /gone, access: public, upstream: gone'],
    upstreams: (origin) =>
      `{ web: { url: "${origin}", timeouts: { headers: 100ms } }, gone: { url: "http://127.0.0.1:9" } }`,
    answer: (connection) => {
      connection.socket.on('data', () => {
        if (answer === 'cut') {
          connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi')
          connection.socket.end()
        } else if (answer !== '') connection.send(answer)
      })
    },
  })
  await ask(gateway, 'GET /gone')
  await ask(gateway, 'GET /')
  answer = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
  await ask(gateway, 'GET /')
  answer = 'nonsense\r\n\r\n'
  await ask(gateway, 'POST /')
  answer = 'cut'
  await ask(gateway, 'POST /')
  answer = ''
  await ask(gateway, 'POST /')
  t.strictSame(await seriesOf(gateway, 'postern_upstream_responses_total'), {
    ...Object.fromEntries(
      ['web', 'gone'].flatMap((name) =>
        ['2xx', '3xx', '4xx', '5xx', 'unreachable', 'timeout', 'invalid', 'cut'].map((outcome) => [
          `{upstream="${name}",outcome="${outcome}"}`,
          0,
        ]),
      ),
    ),
    '{upstream="gone",outcome="unreachable"}': 1,
    '{upstream="web",outcome="2xx"}': 2,
    '{upstream="web",outcome="5xx"}': 1,
    '{upstream="web",outcome="invalid"}': 1,
    '{upstream="web",outcome="cut"}': 1,
    '{upstream="web",outcome="timeout"}': 1,
  })
  const samples = await scrape(gateway)
  t.equal(
    samples.get('postern_upstream_response_seconds_count{upstream="web"}'),
    3,
    'answers alone have a time',
  )
  t.equal(samples.has('postern_upstream_response_seconds_count{upstream="gone"}'), false)
})

t.test('sign-ins, refreshes, sealed sessions and sign-outs are counted', async (t) => {
  const scene = await metered(t, { provider: { accessTokenTtl: 300 } })
  const { gateway, browser } = scene
  const before = await scrape(gateway)
  t.equal(before.get('postern_sign_ins_total{outcome="succeeded",reason="signed-in"}'), 1)
  t.equal(before.get('postern_session_cookie_bytes_count'), 1)
  const sent = Buffer.byteLength(browser.cookiesFor(gateway.origin).match(/postern=[^;]*/)?.[0] ?? '')
  t.ok(sent > 500)
  t.equal(before.get('postern_session_cookie_bytes_sum'), sent)

  gateway.advance(280)
  const cookie = cookieLine(scene)
  await browser.navigate(`${gateway.origin}/x`)
  await ask(gateway, 'GET /x', [cookie])
  t.match(await seriesOf(gateway, 'postern_refreshes_total'), {
    '{outcome="refreshed"}': 1,
    // By whoever began the refresh as well.
    '{outcome="result-reused"}': 2,
    '{outcome="refused"}': 0,
  })

  await ask(gateway, 'GET /oauth2/callback?code=x')
  await ask(gateway, 'POST /oauth2/sign_out', ['Content-Length: 0'])
  t.equal((await scrape(gateway)).get('postern_sign_outs_total'), 0, 'nobody was signed in there')
  await ask(gateway, 'POST /oauth2/sign_out', [cookieLine(scene), 'Content-Length: 0'])
  const after = await scrape(gateway)
  t.equal(after.get('postern_sign_outs_total'), 1)
  t.equal(after.get('postern_sign_ins_total{outcome="failed",reason="login-unknown"}'), 1)
})

t.test('what the provider is asked is counted by operation and outcome', async (t) => {
  const scene = await metered(t, { provider: { accessTokenTtl: 300 } })
  const { gateway, provider } = scene
  gateway.advance(280)
  await ask(gateway, 'GET /x', [cookieLine(scene)])
  await ask(gateway, 'POST /oauth2/sign_out', [cookieLine(scene), 'Content-Length: 0'])
  while (provider.revocations.length < 2) await new Promise((resolve) => setImmediate(resolve))
  const requests = await seriesOf(gateway, 'postern_provider_requests_total')
  for (const operation of ['discovery', 'keys', 'exchange', 'userinfo', 'refresh']) {
    t.ok((requests[`{section="provider",operation="${operation}",outcome="answered"}`] ?? 0) > 0, operation)
  }
  const samples = await scrape(gateway)
  t.equal(samples.get('postern_provider_request_seconds_count{section="provider",operation="refresh"}'), 1)
})

t.test('open streams are counted while they are open, and their duration with no request', async (t) => {
  const { gateway } = await startScene(t, {
    metrics: counting(),
    routes: ['path: /**, access: public'],
    answer: (connection) => {
      connection.socket.on('data', () => {
        if (/upgrade: websocket/i.test(connection.bytes())) {
          connection.send(
            'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
          )
        } else connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
      })
    },
  })
  const events = gateway.client(requestBytes(gateway, 'GET /events'))
  await events.sees('data: 1')
  const socket = gateway.client(requestBytes(gateway, 'GET /ws', [...webSocket, `Origin: ${gateway.origin}`]))
  await socket.sees('101 Switching')
  t.strictSame(await seriesOf(gateway, 'postern_open_streams'), {
    '{kind="websocket"}': 1,
    '{kind="event-stream"}': 1,
  })
  events.socket.destroy()
  socket.socket.destroy()
  await gateway.logged(/"path":"\/events"/)
  await gateway.logged(/"path":"\/ws"/)
  t.strictSame(await seriesOf(gateway, 'postern_open_streams'), {
    '{kind="websocket"}': 0,
    '{kind="event-stream"}': 0,
  })
  t.match(await seriesOf(gateway, 'postern_requests_total'), {
    '{rule="routes[0]",status="101"}': 1,
    '{rule="routes[0]",status="200"}': 1,
  })
  t.strictSame(await seriesOf(gateway, 'postern_request_duration_seconds_count'), {})
})

t.test('bytes that never became a request are counted by their answer', async (t) => {
  const { gateway } = await startScene(t, { metrics: counting() })
  await gateway.exchange('nonsense\r\n\r\n')
  await gateway.exchange(requestBytes(gateway, 'GET /', [`Cookie: a=${'x'.repeat(60_000)}`]))
  t.strictSame(await seriesOf(gateway, 'postern_unreadable_messages_total'), {
    '{status="400"}': 1,
    '{status="408"}': 0,
    '{status="431"}': 1,
  })
})

t.test('the process tells about itself; without metrics there is no such page', async (t) => {
  const { gateway } = await startScene(t, { metrics: counting() })
  const text = await textAt(`${gateway.admin}/metrics`)
  for (const name of [
    'nodejs_eventloop_lag_p99_seconds',
    'process_resident_memory_bytes',
    'process_cpu_seconds_total',
  ])
    t.ok(samplesIn(text).has(name), name)
  const without = await startScene(t)
  t.match(await textAt(`${without.gateway.admin}/metrics`), 'not_found')
})

t.test('no label holds what a client wrote', async (t) => {
  const { gateway } = await startScene(t, { metrics: counting(), routes: ['path: /**, access: public'] })
  const mark = 'markedbyclient'
  for (const [line, headers] of [
    [`GET /${mark}?${mark}=${mark}`, []],
    [`${mark} /`, []],
    ['GET /', [`Host: ${mark}.test`]],
    ['GET /', [`Authorization: Bearer ${mark}`, `Cookie: postern=${mark}; ${mark}=1`]],
    [`GET /oauth2/${mark}`, []],
    [`GET /oauth2/callback?error=${mark}&state=${mark}`, []],
    ['PROPFIND /', [`X-${mark}: ${mark}`]],
  ] as const)
    await ask(gateway, line, headers)
  t.notMatch((await textAt(`${gateway.admin}/metrics`)).toLowerCase(), mark)
})

t.test('several workers count together, and what one counted stays when it ends', async (t) => {
  const scene = await metered(t, { workers: 2, routes: ['path: /**, access: authenticated'] })
  const { gateway } = scene
  const fleet = gateway.fleet as NonNullable<typeof gateway.fleet>
  for (let i = 0; i < 4; i += 1) await ask(gateway, 'GET /x')
  const challenged = 'postern_requests_total{rule="routes[0]",status="401"}'
  const before = await scrape(gateway)
  t.equal(before.get(challenged), 4)
  t.equal(before.get('postern_sign_ins_total{outcome="succeeded",reason="signed-in"}'), 1)
  t.equal(before.get('postern_config_last_reload_successful'), 1)
  fleet.kill(fleet.ports()[0] as number)
  await fleet.isComplete()
  t.equal((await scrape(gateway)).get(challenged), 4)
  await ask(gateway, 'GET /x')
  t.equal((await scrape(gateway)).get(challenged), 5)
})

t.test('the primary process counts the refreshes of all', async (t) => {
  const scene = await metered(t, { workers: 2, provider: { accessTokenTtl: 300 } })
  const { gateway } = scene
  gateway.advance(280)
  await ask(gateway, 'GET /x', [cookieLine(scene)])
  t.equal((await scrape(gateway)).get('postern_refreshes_total{outcome="refreshed"}'), 1)
})
