import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { freePort } from '../support/free-port.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { pem } from '../support/recorder.ts'
import {
  ask,
  cookieLine,
  headsAt,
  type Scene,
  type SceneOptions,
  startScene,
  startSignedIn,
  valuesOf,
} from '../support/scene.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'
const sampled = `00-${traceId}-${parentId}-01`
const unsampled = `00-${traceId}-${parentId}-00`
const open = ['path: /**, access: public', 'path: /own/**, access: authenticated']

const lastHead = ({ upstream }: Pick<Scene, 'upstream'>) => headsAt(upstream).at(-1)
const logLine = ({ gateway }: Pick<Scene, 'gateway'>, path: string) =>
  gateway.logs().find((line) => line['path'] === path)

/** A scene that sends its spans to a collector; they are complete once the gateway is closed. */
async function traced(t: Test, { more = '', ...options }: SceneOptions & { more?: string } = {}) {
  const collector = await startOtlpReceiver(t)
  const tracing = `otlp_endpoint: "${collector.origin}"${more}`
  const scene = await startSignedIn(t, { routes: open, tracing, ...options })
  return { ...scene, collector, close: () => scene.gateway.app.close() }
}

const childrenOf = (collector: OtlpReceiver, { spanId }: ReceivedSpan) =>
  collector.spans().filter(({ parentSpanId }) => parentSpanId === spanId)
/** The span of the one request for a path. */
const requestSpan = (collector: OtlpReceiver, path: string) =>
  collector
    .spans()
    .find(({ kind, attributes }) => kind === 2 && attributes['url.path'] === path) as ReceivedSpan

t.test('without tracing, a trace of the client is passed on as it came', async (t) => {
  const scene = await startScene(t, { routes: open })
  const state = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'
  await ask(scene.gateway, 'GET /a', [`TraceParent: ${sampled}`, `TraceState: ${state}`])
  t.strictSame(valuesOf(lastHead(scene), 'traceparent'), [sampled])
  t.strictSame(valuesOf(lastHead(scene), 'tracestate'), [state])
  await ask(scene.gateway, 'GET /b', [`traceparent: ${sampled}`, 'tracestate: a=1', 'tracestate: b=2'])
  t.strictSame(valuesOf(lastHead(scene), 'tracestate'), ['a=1, b=2'])
  await ask(scene.gateway, 'GET /c')
  t.strictSame(valuesOf(lastHead(scene), 'traceparent'), [])
  await scene.gateway.app.close()
  t.equal(logLine(scene, '/a')?.['trace_id'], traceId)
  t.notOk('trace_id' in (logLine(scene, '/c') ?? {}))
})

t.test('what is malformed or repeated is dropped', async (t) => {
  const scene = await startScene(t, { routes: open, audit: 'file: stdout, allowed: 1' })
  const sent = [
    ['traceparent: garbage', 'tracestate: a=1'],
    [`traceparent: ${sampled}`, `traceparent: ${sampled}`],
    ['tracestate: a=1'],
  ]
  for (const lines of sent) {
    await ask(scene.gateway, 'GET /a', lines)
    t.strictSame(
      [valuesOf(lastHead(scene), 'traceparent'), valuesOf(lastHead(scene), 'tracestate')],
      [[], []],
    )
  }
  await ask(scene.gateway, 'GET /b', [`traceparent: ${sampled}`, 'tracestate: a'])
  t.strictSame(
    [valuesOf(lastHead(scene), 'traceparent'), valuesOf(lastHead(scene), 'tracestate')],
    [[sampled], []],
  )
  await scene.gateway.app.close()
  const records = scene.gateway.logs().filter(({ type }) => type === 'allowed')
  t.strictSame(
    records.map((record) => record['trace_id']),
    [undefined, undefined, undefined, traceId],
    'and the audit record has what was good',
  )
})

t.test(
  'a request has a span, and one for what its upstream was asked, in the trace of the client',
  async (t) => {
    const { collector, close, ...scene } = await traced(t, { more: ', service_name: front' })
    const { gateway, upstream } = scene
    await ask(gateway, 'GET /own/x?secret=1', [
      cookieLine(scene),
      `traceparent: ${sampled}`,
      'tracestate: a=1',
    ])
    await close()
    const span = requestSpan(collector, '/own/x')
    const { port } = new URL(gateway.origin)
    t.match(span, {
      name: 'GET routes[1]',
      traceId,
      parentSpanId: parentId,
      traceState: 'a=1',
      status: { code: 0 },
    })
    t.strictSame(span.attributes, {
      'http.request.method': 'GET',
      'server.address': 'localhost',
      'server.port': Number(port),
      'url.scheme': 'http',
      'url.path': '/own/x',
      'http.route': '/own/**',
      'client.address': '127.0.0.1',
      'http.response.status_code': 200,
      'postern.rule': 'routes[1]',
      'postern.decision': 'forward',
      'postern.reason': 'authenticated',
      'postern.request_id': logLine(scene, '/own/x')?.['request_id'],
    })
    t.match(span.resource, { 'service.name': 'front', 'process.pid': process.pid })
    const [asked, ...others] = childrenOf(collector, span)
    t.strictSame(others, [])
    t.match(asked, { name: 'GET web', kind: 3, traceId, traceState: 'a=1', status: { code: 0 } })
    t.strictSame(asked?.attributes, {
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
      'url.full': `${upstream.origin}/own/x`,
      'postern.upstream': 'web',
      'http.response.status_code': 200,
    })
    t.strictSame(valuesOf(lastHead(scene), 'traceparent'), [`00-${traceId}-${asked?.spanId}-01`])
    t.strictSame(valuesOf(lastHead(scene), 'tracestate'), ['a=1'])
    t.equal(logLine(scene, '/own/x')?.['trace_id'], traceId)
    t.match(collector.requests[0], { path: '/v1/traces', headers: { 'content-type': 'application/json' } })
  },
)

t.test('without a trace of the client a new one begins; the log names it', async (t) => {
  const { collector, close, ...scene } = await traced(t)
  await ask(scene.gateway, 'GET /a', ['traceparent: garbage'])
  await close()
  const span = requestSpan(collector, '/a')
  t.notOk(span.parentSpanId)
  t.not(span.traceId, traceId)
  t.equal(logLine(scene, '/a')?.['trace_id'], span.traceId)
  t.match(valuesOf(lastHead(scene), 'traceparent'), [new RegExp(`^00-${span.traceId}-[\\da-f]{16}-01$`)])
})

t.test('refusals, our own endpoints, odd methods and hosts', async (t) => {
  const { collector, close, ...scene } = await traced(t, { routes: open.slice(1) })
  const { gateway } = scene
  await ask(gateway, 'GET /own/y')
  await ask(gateway, 'PROPFIND /nowhere')
  await ask(gateway, 'GET /a/../b')
  await ask(gateway, 'GET /h', ['Host: a b'])
  await close()
  t.match(requestSpan(collector, '/own/y'), {
    status: { code: 0 },
    attributes: { 'postern.decision': 'challenge', 'http.response.status_code': 401 },
  })
  t.match(collector.span('HTTP').attributes, {
    'http.request.method': '_OTHER',
    'http.request.method_original': 'PROPFIND',
    'http.response.status_code': 404,
  })
  const callback = collector.span('GET /oauth2/callback')
  t.notOk('postern.rule' in callback.attributes)
  t.match(callback.attributes, { 'url.path': '/oauth2/callback', 'http.route': '/oauth2/callback' })
  const notCanonical = collector
    .spans()
    .filter(({ attributes }) => attributes['postern.reason'] === 'target-not-canonical')
  t.equal(notCanonical.length, 1)
  t.notOk('url.path' in (notCanonical[0]?.attributes ?? {}))
  const badHost = collector.spans().find(({ attributes }) => attributes['postern.reason'] === 'host-invalid')
  t.notOk('server.address' in (badHost?.attributes ?? {}))
})

t.test('what a provider is asked belongs to the request it was asked for', async (t) => {
  const { collector, close, ...scene } = await traced(t, {
    provider: { accessTokenTtl: 300 },
    providerKeys: 'claims_from: [id_token, userinfo]',
  })
  const { gateway, browser, provider } = scene
  gateway.advance(280)
  await browser.navigate(`${gateway.origin}/own/x`)
  provider.behaviour.respond = (path) => (path === '/token' ? { status: 503 } : undefined)
  gateway.advance(280)
  await browser.navigate(`${gateway.origin}/own/z`)
  await close()
  const callback = collector.span('GET /oauth2/callback')
  const asked = childrenOf(collector, callback)
  t.strictSame(asked.map(({ name }) => name).sort(), ['GET keys', 'GET userinfo', 'POST exchange'])
  t.ok(asked.every(({ kind, traceId }) => kind === 3 && traceId === callback.traceId))
  const exchange = asked.find(({ name }) => name === 'POST exchange')
  t.strictSame(exchange?.attributes, {
    'http.request.method': 'POST',
    'server.address': new URL(provider.issuer).hostname,
    'server.port': Number(new URL(provider.issuer).port),
    'url.full': `${provider.issuer}/token`,
    'http.response.status_code': 200,
    'postern.operation': 'exchange',
  })
  t.ok(Number(exchange?.endTimeUnixNano) >= Number(exchange?.startTimeUnixNano))
  const [refresh] = childrenOf(collector, requestSpan(collector, '/own/x')).filter(
    ({ name }) => name === 'POST refresh',
  )
  t.match(refresh?.attributes, { 'http.response.status_code': 200, 'postern.operation': 'refresh' })
  const [failed] = childrenOf(collector, requestSpan(collector, '/own/z')).filter(
    ({ name }) => name === 'POST refresh',
  )
  t.match(failed, {
    status: { code: 2 },
    attributes: { 'http.response.status_code': 503, 'error.type': 'failing' },
  })
})

t.test('an upstream that fails', async (t) => {
  const port = await freePort()
  const { collector, close, ...scene } = await traced(t, {
    routes: [
      ...open,
      'path: /gone, upstream: gone, access: public',
      'path: /sock, upstream: sock, access: public',
    ],
    upstreams: (origin) =>
      `{ web: { url: "${origin}" }, gone: { url: "http://127.0.0.1:${port}" }, sock: { url: "unix:/nowhere.sock" } }`,
    answer: (connection) => {
      connection.socket.on('data', () => {
        const isCut = connection.bytes().includes('GET /cut')
        connection.send(`HTTP/1.1 ${isCut ? '200 OK' : '404 Not Found'}\r\nContent-Length: 5\r\n\r\nhi`)
        if (isCut) connection.socket.end()
        else connection.send('hey')
      })
    },
  })
  const { gateway } = scene
  await ask(gateway, 'GET /gone')
  await ask(gateway, 'GET /sock')
  await ask(gateway, 'GET /absent')
  await ask(gateway, 'GET /cut')
  await close()
  t.match(requestSpan(collector, '/gone'), { status: { code: 2 }, attributes: { 'error.type': '502' } })
  t.match(collector.span('GET gone'), { status: { code: 2 }, attributes: { 'error.type': 'unreachable' } })
  t.equal(collector.span('GET sock').attributes['server.address'], '/nowhere.sock')
  const webOf = (path: string) => childrenOf(collector, requestSpan(collector, path))
  t.match(webOf('/absent'), [{ status: { code: 2 }, attributes: { 'error.type': '404' } }])
  t.match(webOf('/cut'), [{ status: { code: 2 }, attributes: { 'error.type': 'cut' } }])
})

t.test('who began a trace decides whether it is recorded; of the others a share is', async (t) => {
  const none = await traced(t, { more: ', sample: 0' })
  await ask(none.gateway, 'GET /a')
  await ask(none.gateway, 'GET /b', [`traceparent: ${sampled}`])
  const heads = headsAt(none.upstream)
  const [ours] = valuesOf(heads.at(-2), 'traceparent')
  t.match(ours, /^00-[\da-f]{32}-[\da-f]{16}-00$/, 'an upstream is told that it is not recorded')
  await none.close()
  t.strictSame(
    none.collector.spans().map(({ traceId: id }) => id),
    [traceId, traceId],
  )
  t.equal(logLine(none, '/a')?.['trace_id'], ours?.slice(3, 35))
  const all = await traced(t)
  await ask(all.gateway, 'GET /b', [`traceparent: ${unsampled}`])
  await ask(all.gateway, 'GET /c', [`traceparent: ${unsampled.replace(/00$/, '02')}`])
  await all.close()
  t.notOk(all.collector.spans().some(({ traceId: id }) => id === traceId))
  t.match(valuesOf(headsAt(all.upstream).at(-2), 'traceparent'), [
    new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`),
  ])
  t.match(
    valuesOf(headsAt(all.upstream).at(-1), 'traceparent'),
    [/-02$/],
    'that the id is random is passed on',
  )
})

t.test('a client that goes away, and what it sent ahead', async (t) => {
  const { collector, close, ...scene } = await traced(t, {
    routes: open.slice(1),
    answer: () => {},
  })
  const { gateway, upstream } = scene
  const request = (path: string) =>
    `GET ${path} HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\n${cookieLine(scene)}\r\n\r\n`
  const client = gateway.client(request('/own/hang') + request('/own/behind'))
  await (await upstream.connection(0)).sees('/own/hang')
  client.socket.destroy()
  await gateway.logged(/"path":"\/own\/hang"/)
  await close()
  const span = requestSpan(collector, '/own/hang')
  t.match(span.attributes, { 'http.response.status_code': 499 })
  const [asked] = childrenOf(collector, span)
  t.equal(asked?.name, 'GET web')
  t.notOk('http.response.status_code' in (asked?.attributes ?? {}))
  t.equal(requestSpan(collector, '/own/behind'), undefined, 'what was never served has no span')
})

t.test('what is asked when the request is over belongs to it no more', async (t) => {
  const { collector, close, ...scene } = await traced(t)
  const { gateway, provider } = scene
  let release = () => {}
  const over = new Promise<void>((resolve) => {
    release = resolve
  })
  provider.behaviour.respond = async (path) => {
    if (path.includes('revocation')) await over
    return undefined
  }
  await ask(gateway, 'POST /oauth2/sign_out', [cookieLine(scene), 'Content-Length: 0'])
  await gateway.logged(/"path":"\/oauth2\/sign_out"/)
  release()
  while (provider.revocations.length < 2) await setImmediate()
  await close()
  const children = childrenOf(collector, requestSpan(collector, '/oauth2/sign_out'))
  t.strictSame(
    children.map(({ name }) => name),
    ['POST revocation'],
    'the one that was sent before it was over',
  )
})

t.test('another section makes another tracer, the same one is kept', async (t) => {
  const { collector, close, ...scene } = await traced(t)
  const { gateway } = scene
  await ask(gateway, 'GET /a')
  const { tracing } = gateway.app.gateway()
  await gateway.reload({ routes: [...open, 'path: /new, access: public'] })
  t.equal(gateway.app.gateway().tracing, tracing)
  const other = await startOtlpReceiver(t)
  await gateway.reload({ tracing: `otlp_endpoint: "${other.origin}", headers: { X-Key: secret }` })
  await ask(gateway, 'GET /b')
  while (collector.spans().length === 0) await setImmediate()
  t.ok(requestSpan(collector, '/a'), 'the one before sends what it has')
  await gateway.reload({ tracing: undefined as never })
  await ask(gateway, 'GET /c', [`traceparent: ${sampled}`])
  t.strictSame(valuesOf(lastHead(scene), 'traceparent'), [sampled])
  await close()
  t.ok(requestSpan(other, '/b'))
  t.equal(other.requests[0]?.headers['x-key'], 'secret')
  t.notOk([...collector.spans(), ...other.spans()].some(({ attributes }) => attributes['url.path'] === '/c'))
})

t.test('a collector that refuses, hangs or is not there keeps nobody from anything', async (t) => {
  const refusing = await startOtlpReceiver(t, () => 400)
  const hanging = await startOtlpReceiver(t, () => 'nothing')
  const scene = await startScene(t, { routes: open, tracing: `otlp_endpoint: "${refusing.origin}"` })
  const { gateway } = scene
  const reachable = /^HTTP\/1\.1 200 /
  t.match(await ask(gateway, 'GET /a'), reachable)
  await gateway.reload({ tracing: `otlp_endpoint: "${hanging.origin}"` })
  t.match(await ask(gateway, 'GET /b'), reachable)
  await gateway.logged(/traces cannot be exported/)
  await gateway.reload({ tracing: `otlp_endpoint: "http://127.0.0.1:${await freePort()}"` })
  t.match(await ask(gateway, 'GET /c'), reachable)
  await gateway.app.close()
  t.match(
    gateway.logs().filter(({ msg }) => /^traces cannot/.test(String(msg))),
    [{ level: 40, reason: '400' }],
  )
  t.equal(gateway.logs().filter(({ msg }) => /^the last traces/.test(String(msg))).length, 2)
})

t.test('a collector is asked over TLS, its certificate always verified', async (t) => {
  const collector = await startOtlpReceiver(t, () => 200, { cert: pem('server'), key: pem('server-key') })
  const tracing = `otlp_endpoint: "${collector.origin}", headers: { X-Key: secret }`
  const scene = await startScene(t, { routes: open, tracing, file: pem('ca') })
  const { gateway } = scene
  await ask(gateway, 'GET /a')
  await gateway.reload({ tracing: `${tracing}, tls: { ca_file: ca.pem }` })
  await gateway.logged(/traces cannot be exported/)
  await ask(gateway, 'GET /b')
  await gateway.app.close()
  t.strictSame(
    collector.spans().flatMap(({ attributes }) => attributes['url.path'] ?? []),
    ['/b'],
  )
})

t.test('the document names every attribute', async (t) => {
  const document = readFileSync(join('config', 'traces.md'), 'utf8')
  const { collector, close, gateway } = await traced(t)
  await ask(gateway, 'PROPFIND /a')
  await ask(gateway, 'GET /oauth2/callback?code=x')
  await close()
  const names = collector
    .spans()
    .flatMap(({ attributes, resource }) => [...Object.keys(attributes), ...Object.keys(resource)])
  for (const name of new Set([...names, 'error.type'])) t.match(document, `\`${name}\``, name)
})
