import t, { type Test } from 'tap'
import { createMetrics } from '../../src/metrics/metrics.ts'
import type { Gateway } from '../support/gateway.ts'
import { ask, type SceneOptions, startScene } from '../support/scene.ts'

const open = ['path: /**, access: public', 'path: /big/**, access: public, max_body: 20B']

function startLimited(t: Test, limits: string, more: SceneOptions = {}) {
  return startScene(t, { routes: open, ...more, server: `limits: { ${limits} }${more.server ?? ''}` })
}

/** One request that leaves its connection open. */
function request(gateway: Gateway, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\n\r\n`
}

t.test('a body that is too long is 413, a page for people, and ends the connection', async (t) => {
  const { gateway, upstream } = await startLimited(t, 'max_body: 10B', {
    server: ', timeouts: { send: none }',
  })
  const problem = await ask(gateway, 'POST /x', ['Content-Length: 11'], '01234567890')
  t.match(problem, /^HTTP\/1\.1 413 Payload Too Large\r\n/)
  t.match(problem, /content-type: application\/problem\+json/i)
  t.match(problem, /"status":413,.*"reason":"body-too-large"/)
  const page = await ask(
    gateway,
    'POST /x',
    ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Connection: keep-alive', 'Content-Length: 11'],
    '01234567890',
  )
  t.match(page, /^HTTP\/1\.1 413 /)
  t.match(page, /connection: close/i)
  t.match(page, '<h1>This is too large</h1>')
  t.equal(upstream.connections.length, 0)
})

t.test('whoever asks first whether to send a body that is too long is not told to go on', async (t) => {
  const { gateway } = await startLimited(t, 'max_body: 10B')
  const answer = await ask(gateway, 'POST /x', ['Content-Length: 11', 'Expect: 100-continue'])
  t.match(answer, /^HTTP\/1\.1 413 /)
  t.notMatch(answer, '100 Continue')
})

t.test('a chunked body that becomes too long is 413', async (t) => {
  const { gateway, upstream } = await startLimited(t, 'max_body: 10B', { answer: () => undefined })
  const client = gateway.client(
    `POST /x HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n`,
  )
  const connection = await upstream.connection(0)
  await connection.sees('01234')
  client.send('6\r\n567890\r\n')
  await client.closed
  t.match(client.bytes(), /^HTTP\/1\.1 413 [\s\S]*"reason":"body-too-large"/)
  await connection.closed
  t.notMatch(connection.bytes(), '567890')
  t.equal(gateway.logs().find(({ reason }) => reason === 'body-too-large')?.['status'], 413)
})

t.test('a route says otherwise', async (t) => {
  const { gateway } = await startLimited(t, 'max_body: 10B')
  const body = '0'.repeat(20)
  t.match(await ask(gateway, 'POST /big/x', ['Content-Length: 20'], body), /^HTTP\/1\.1 200 /)
  t.match(await ask(gateway, 'POST /big/x', ['Content-Length: 21'], `${body}0`), /^HTTP\/1\.1 413 /)
})

t.test('the room for headers is what the configuration says', async (t) => {
  const { gateway } = await startLimited(t, 'max_headers: 64KiB')
  const filler = (kilobytes: number) => [`X-Filler: ${'x'.repeat(kilobytes * 1024)}`]
  t.match(await ask(gateway, 'GET /x', filler(60)), /^HTTP\/1\.1 200 /)
  t.match(await ask(gateway, 'GET /x', filler(64)), /^HTTP\/1\.1 431 /)
})

t.test('a connection is closed after as many requests as it may have', async (t) => {
  const { gateway } = await startLimited(t, 'max_requests_per_connection: 2', {
    server: ', timeouts: { keep_alive: 1h }',
  })
  const client = gateway.client(request(gateway, '/one'))
  await client.sees('hi')
  client.send(request(gateway, '/two'))
  await client.closed
  t.equal(client.bytes().match(/HTTP\/1\.1 200 /g)?.length, 2)
  t.match(client.bytes(), /connection: close/i)
})

t.test('a whole request may take no longer than the configuration says', async (t) => {
  const { gateway } = await startScene(t, {
    routes: open,
    server: 'timeouts: { headers: 1s, request: 1s }',
    answer: () => undefined,
  })
  const answer = await gateway.exchange(
    `POST /x HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\nContent-Length: 10\r\n\r\n0`,
  )
  t.match(answer, /^HTTP\/1\.1 408 /)
})

t.test(
  'one connection too many of a client is closed as it comes, counted and told once a minute',
  async (t) => {
    const metrics = createMetrics({ now: () => 0 })
    const { gateway } = await startLimited(t, 'max_connections_per_client: 2', { metrics })
    const clients = [1, 2].map(() => gateway.client(request(gateway, '/x')))
    for (const client of clients) await client.sees('hi')
    for (const _ of [1, 2, 3]) t.equal(await gateway.exchange(request(gateway, '/x')), '')
    gateway.app.sweep()
    gateway.app.sweep()
    const told = () => gateway.logs().filter(({ msg }) => msg === 'connections were closed as they came')
    t.match(told(), [{ too_many: 0, too_many_of_client: 3, last_client: '127.0.0.1' }])
    t.strictSame(gateway.app.refusedConnections(), { too_many: 0, too_many_of_client: 3 })
    t.match(
      await metrics.exposition.text(),
      'postern_requests_shed_total{reason="too-many-connections-of-client"} 3',
    )
    clients[0]?.socket.destroy()
    const last = request(gateway, '/x').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
    while ((await gateway.exchange(last)) === '');
    t.pass('the place of one that is gone is free')

    gateway.advance(60)
    gateway.client(request(gateway, '/x'))
    while ((await gateway.exchange(last)) !== '');
    gateway.app.sweep()
    t.equal(told().length, 2)
  },
)

t.test('a trusted proxy may have any number of connections', async (t) => {
  const { gateway } = await startLimited(t, 'max_connections_per_client: 1', {
    server: ', trusted_proxies: [127.0.0.1]',
  })
  const clients = [1, 2, 3].map(() => gateway.client(request(gateway, '/x')))
  for (const client of clients) t.match(await client.sees('hi'), '200 OK')
})

t.test('one connection too many of all is closed as it comes, and counted', async (t) => {
  const { gateway } = await startLimited(t, 'max_connections: 1', {
    server: ', trusted_proxies: [127.0.0.1]',
  })
  const client = gateway.client(request(gateway, '/x'))
  await client.sees('hi')
  t.equal(await gateway.exchange(request(gateway, '/x')), '')
  gateway.app.sweep()
  t.match(
    gateway.logs().filter(({ msg }) => msg === 'connections were closed as they came'),
    [{ too_many: 1, too_many_of_client: 0 }],
  )
})

t.test('too many logins of one client are 429, and it is told how long to wait', async (t) => {
  const routes = ['path: /**, access: authenticated']
  const { gateway, upstream } = await startLimited(t, 'logins_per_minute: 2', {
    routes,
    clock: () => 1_700_000_000,
    server: ', trusted_proxies: [127.0.0.1]',
  })
  const people = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']
  const from = (client: string) => [...people, `X-Forwarded-For: ${client}`]
  t.match(await ask(gateway, 'GET /page', from('192.0.2.1')), /^HTTP\/1\.1 302 /)
  t.match(await ask(gateway, 'GET /oauth2/start', from('192.0.2.1')), /^HTTP\/1\.1 302 /)
  for (const line of ['GET /page', 'GET /oauth2/start', 'GET /oauth2/callback?state=none&code=x']) {
    const page = await ask(gateway, line, from('192.0.2.1'))
    t.match(page, /^HTTP\/1\.1 429 Too Many Requests\r\n/, line)
    t.match(page, /\r\nretry-after: 30\r\n/)
    t.match(page, '<h1>Too many sign-ins at once</h1>')
    t.notMatch(page, /set-cookie/i)
  }
  const problem = await ask(gateway, 'GET /oauth2/start', ['X-Forwarded-For: 192.0.2.1'])
  t.match(problem, /^HTTP\/1\.1 429 [\s\S]*"reason":"too-many-logins"/)
  t.match(await ask(gateway, 'GET /page', from('192.0.2.2')), /^HTTP\/1\.1 302 /, 'another client')
  t.match(await ask(gateway, 'GET /page', ['X-Forwarded-For: 192.0.2.1']), /^HTTP\/1\.1 401 /, 'no login')
  for (const _ of [1, 2, 3]) {
    t.match(await ask(gateway, 'GET /page', people), /^HTTP\/1\.1 302 /, 'a proxy that does not say for whom')
  }
  gateway.advance(30)
  t.match(await ask(gateway, 'GET /page', from('192.0.2.1')), /^HTTP\/1\.1 302 /)
  t.equal(upstream.connections.length, 0)
})

t.test('without limits nothing is counted', async (t) => {
  const { gateway } = await startLimited(t, 'logins_per_minute: none, max_connections_per_client: none', {
    routes: ['path: /**, access: authenticated'],
  })
  for (const _ of [1, 2]) {
    t.match(
      await ask(gateway, 'GET /x', ['Accept: text/html', 'Sec-Fetch-Mode: navigate']),
      /^HTTP\/1\.1 302 /,
    )
  }
  t.strictSame(gateway.app.refusedConnections(), { too_many: 0, too_many_of_client: 0 })
})
