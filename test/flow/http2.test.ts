import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { Gateway } from '../support/gateway.ts'
import { answerOf, connectHttp2 } from '../support/http2-client.ts'
import { data, type Field, frameTypes, headers, reset } from '../support/http2-frames.ts'
import { connectWire } from '../support/http2-wire.ts'
import { type Connection, pem, record } from '../support/recorder.ts'
import { headsAt, type SceneOptions, valuesOf } from '../support/scene.ts'
import { startTls } from '../support/tls-scene.ts'

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

async function start(t: Test, more: SceneOptions = {}) {
  const scene = await startTls(t, more)
  return { ...scene, client: await connectHttp2(t, scene.gateway) }
}

function fieldsOf({ port }: Gateway, method: string): Field[] {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':path', '/x'],
    [':authority', `localhost:${port}`],
  ]
}

t.test('a request is served like one of HTTP/1.1', async (t) => {
  const { gateway, upstream, client } = await start(t)
  const answer = await client.ask({ ':path': '/x?y=1', 'x-mine': 'yes' })
  t.match(answer, { status: 200, body: 'hi', isWhole: true })
  const [head = []] = headsAt(upstream)
  t.equal(head[0], 'GET /x?y=1 HTTP/1.1')
  t.strictSame(valuesOf(head, 'host'), [`localhost:${gateway.port}`])
  t.strictSame(valuesOf(head, 'x-forwarded-host'), [`localhost:${gateway.port}`])
  t.strictSame(valuesOf(head, 'x-forwarded-proto'), ['https'])
  t.strictSame(valuesOf(head, 'x-forwarded-for'), ['127.0.0.1'])
  t.strictSame(valuesOf(head, 'x-mine'), ['yes'])
  t.notMatch(head.join('\n'), /^:|:authority|:path|transfer-encoding/im)
})

t.test('HEAD and pages of our own', async (t) => {
  const { client } = await start(t, { routes: ['path: /x/**, access: public'] })
  const answer = await client.ask({ ':path': '/nowhere', ...page })
  t.match(answer, { status: 404, body: /<h1>/, isWhole: true })
  t.notOk('connection' in answer.headers)
  const head = await client.ask({ ':path': '/nowhere', ':method': 'HEAD', ...page })
  t.match(head, { status: 404, body: '', isWhole: true })
  t.equal(head.headers['content-length'], answer.headers['content-length'])
  t.match(await client.ask({ ':path': '/a/../b', ...page }), { status: 400, isWhole: true })
})

t.test('a cookie that comes in pieces is one', async (t) => {
  const { upstream, client } = await start(t)
  await client.ask({ ':path': '/x', cookie: ['a=1', 'b=2; c=3'] })
  t.strictSame(valuesOf(headsAt(upstream)[0], 'cookie'), ['a=1; b=2; c=3'])
})

t.test('the host is that of :authority, or of Host where there is none; never one of two', async (t) => {
  const { gateway, upstream, client } = await start(t)
  const host = `localhost:${gateway.port}`
  t.match(await client.ask({ ':authority': host, host }), { status: 200 })
  t.match(await client.ask({ ':authority': host, host: 'other.example' }), { status: 400 })
  t.match(await client.ask({ ':authority': 'other.example', host }), { status: 400 })
  t.match(await client.ask({ ':authority': 'other.example' }), { status: 421 })
  t.match(await client.ask({ host }), { status: 200 })
  t.strictSame(
    headsAt(upstream).map((head) => valuesOf(head, 'host')),
    [[host], [host]],
  )
})

/** Answers a request only when its body is there. */
const afterBody = (body: string) => (connection: Connection) => {
  connection.sees(body).then(
    () => connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'),
    () => undefined,
  )
}

t.test('a body is passed on, announced or not', async (t) => {
  const { upstream, client } = await start(t, { answer: afterBody('hello') })
  const post = { ':path': '/x', ':method': 'POST' }
  t.match(await client.ask({ ...post, 'content-length': '5' }, 'hello'), { status: 200 })
  t.match((await upstream.connection(0)).bytes(), /content-length: 5\r\n\r\nhello$/)
  upstream.connections[0]?.socket.destroy()
  const stream = client.open(post)
  const answer = answerOf(stream)
  stream.write('hel')
  const connection = await upstream.connection(1)
  await connection.sees('hel')
  stream.end('hello')
  t.match(await answer, { status: 200 })
  t.match(connection.bytes(), /transfer-encoding: chunked\r\n\r\n3\r\nhel\r\n5\r\nhello\r\n/)
})

t.test('an answer that comes before the end of the body is whole, however long', async (t) => {
  const body = 'x'.repeat(300_000)
  const { client } = await start(t, {
    answer: `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  })
  const stream = client.open({ ':path': '/x', ':method': 'POST' })
  const answer = answerOf(stream)
  stream.write('hello')
  t.match(await answer, { status: 200, body, code: 0 })
})

for (const code of ['NO_ERROR', 'CANCEL'] as const) {
  t.test(`a body that breaks off by ${code} does not pass for whole`, async (t) => {
    const { gateway, upstream } = await startTls(t, { answer: () => undefined })
    const wire = await connectWire(t, gateway)
    const stream = wire.nextStream()
    wire.send(headers(stream, fieldsOf(gateway, 'POST'), false), data(stream, 'hello', false))
    const connection = await upstream.connection(0)
    await connection.sees('hello')
    wire.send(reset(stream, code))
    await connection.closed
    t.notMatch(connection.bytes(), '\r\n0\r\n')
  })
}

t.test('a body that breaks off with its connection does not pass for whole', async (t) => {
  const { upstream, client } = await start(t, { answer: () => undefined })
  const stream = client.open({ ':path': '/x', ':method': 'POST' })
  stream.on('error', () => undefined)
  stream.write('hello')
  const connection = await upstream.connection(0)
  await connection.sees('hello')
  client.session.destroy()
  await connection.closed
  t.notMatch(connection.bytes(), '\r\n0\r\n')
})

/** An introspection endpoint that has every token wait until it is told to go on, and then knows it. */
async function startHeldIntrospection(t: Test) {
  let isAsked = () => {}
  let goOn = () => {}
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const server = createServer(async (_request, response) => {
    isAsked()
    await held
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ active: true, sub: 'alice', client_id: 'cli', aud: 'api' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { endpoint, asked, goOn }
}

for (const method of ['GET', 'HEAD']) {
  t.test(`a client that goes away while it is judged is not forwarded: ${method}`, async (t) => {
    const { endpoint, asked, goOn } = await startHeldIntrospection(t)
    const { gateway, upstream, client } = await start(t, {
      bearer: `introspection: { endpoint: "${endpoint}", client_id: a, client_secret: the secret of a, audience: api }`,
      routes: ['path: /**, access: authenticated, credentials: [bearer]'],
    })
    const authorization = 'Bearer abc'
    const stream = client.session.request({ ':path': '/gone', ':method': method, authorization })
    await asked
    stream.close(8)
    // What comes back says that what was sent before it has come.
    await new Promise((resolve) => client.session.ping(resolve))
    goOn()
    t.match(await client.ask({ ':path': '/next', authorization }), { status: 200 })
    t.strictSame(
      headsAt(upstream).map(([line]) => line),
      ['GET /next HTTP/1.1'],
    )
    await gateway.app.gateway().retire()
  })

  t.test(`a client that goes away ends what is asked of the upstream: ${method}`, async (t) => {
    const { gateway, upstream, client } = await start(t, {
      upstreams: (origin) => `{ web: { url: "${origin}", timeouts: { headers: 10s } } }`,
      answer: () => undefined,
    })
    const stream = client.session.request({ ':path': '/gone', ':method': method })
    const connection = await upstream.connection(0)
    await connection.sees('\r\n\r\n')
    stream.close(8)
    await connection.closed
    await gateway.logged(/"path":"\/gone","status":499/)
    t.notMatch(gateway.logText(), 'upstream-timeout', 'not when its own time was up')
    await gateway.app.gateway().retire()
  })
}

t.test('a body that does not go on is given up', async (t) => {
  const { upstream, client } = await start(t, {
    upstreams: (origin) => `{ web: { url: "${origin}", timeouts: { body: 50ms } } }`,
    answer: () => undefined,
  })
  const stream = client.open({ ':path': '/x', ':method': 'POST' })
  const answer = answerOf(stream)
  stream.write('hello')
  const connection = await upstream.connection(0)
  t.match(await answer, { status: 0, code: 8 })
  await connection.closed
  t.notMatch(connection.bytes(), '\r\n0\r\n')
})

t.test('whoever waits for a 100 is told to go on, and not before it is decided', async (t) => {
  const { client } = await start(t, {
    answer: afterBody('hello'),
    routes: ['path: /x, access: public', 'path: /**, access: authenticated'],
  })
  const headers = { ':method': 'POST', expect: '100-continue' }
  const stream = client.open({ ...headers, ':path': '/x' })
  const answer = answerOf(stream)
  await once(stream, 'continue')
  stream.end('hello')
  t.match(await answer, { status: 200, body: 'hi' })
  const refused = client.open({ ...headers, ':path': '/y' })
  refused.on('continue', () => t.fail('told to go on'))
  t.match(await answerOf(refused), { status: 401 })
})

t.test('a body that is too long is 413, and its rest is not waited for', async (t) => {
  const { client } = await start(t, { server: 'limits: { max_body: 10B }', answer: () => undefined })
  const post = { ':path': '/x', ':method': 'POST' }
  t.match(await client.ask({ ...post, 'content-length': '11' }, '01234567890'), { status: 413 })
  const stream = client.open(post)
  const answer = answerOf(stream)
  stream.write('01234567890')
  t.match(await answer, { status: 413, body: /body-too-large/, code: 0 })
})

t.test('too many header bytes are 431, a page, and the connection goes on', async (t) => {
  const { client } = await start(t)
  const answer = await client.ask({ ':path': '/x', 'x-filler': 'x'.repeat(50_000) })
  t.match(answer, { status: 431, body: /<h1>/, isWhole: true })
  t.match(await client.ask({ ':path': '/x' }), { status: 200 })
})

t.test('methods that HTTP/1.1 does not let through are 400, CONNECT among them', async (t) => {
  const { gateway, upstream, client } = await start(t)
  t.match(await client.ask({ ':path': '/x', ':method': 'FROB' }), { status: 400, body: /message-malformed/ })
  const tunnel = client.session.request({
    ':method': 'CONNECT',
    ':authority': `localhost:${gateway.port}`,
  })
  t.match(await answerOf(tunnel), { status: 400 })
  t.equal(upstream.connections.length, 0)
})

t.test('answers do not wait for each other', async (t) => {
  const { client } = await start(t, {
    answer: (connection) => {
      connection.socket.on('data', () => {
        if (connection.bytes().includes('GET /fast'))
          connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
      })
    },
  })
  client.ask({ ':path': '/slow' }).catch(() => undefined)
  t.match(await client.ask({ ':path': '/fast' }), { status: 200 })
})

t.test('the head of an answer: every line of it, and nothing that speaks of a connection', async (t) => {
  const lines = [
    'HTTP/1.1 203 As I Like It',
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Set-Cookie: a=1',
    'Set-Cookie: b=2',
    'ETag: "1"',
    'ETag: "2"',
    'Content-Language: de',
    'Content-Language: en',
    'X-Bytes: \xe9',
    'Content-Length: 2',
    '',
    'hi',
  ]
  const { client } = await start(t, { answer: lines.join('\r\n') })
  const { status, headers, body } = await client.ask({ ':path': '/x' })
  t.equal(status, 203)
  t.equal(body, 'hi')
  t.strictSame(headers['set-cookie'], ['a=1', 'b=2'])
  t.equal(headers.etag, '"1"')
  t.equal(headers['content-language'], 'de, en')
  t.equal(headers['x-bytes'], '\xe9')
  t.notOk('connection' in headers || 'keep-alive' in headers)
})

for (const [framing, begun] of [
  ['Content-Length: 10', 'hello'],
  ['Transfer-Encoding: chunked', '5\r\nhello\r\n'],
]) {
  t.test(`an answer that breaks off does not pass for whole: ${framing}`, async (t) => {
    const { upstream, client } = await start(t, {
      answer: `HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${begun}`,
    })
    const stream = client.session.request({ ':path': '/x' })
    const answer = answerOf(stream)
    await once(stream, 'data')
    upstream.connections[0]?.socket.end()
    t.match(await answer, { status: 200, body: 'hello', code: 2 })
    t.notOk(client.session.closed, 'the others of its connection go on')
  })
}

t.test('an upstream that cannot be understood, or is not there, is 502', async (t) => {
  const { upstream, client } = await start(t, { answer: 'nonsense\r\n\r\n' })
  t.match(await client.ask({ ':path': '/x' }), { status: 502, body: /upstream-invalid/ })
  await upstream.close()
  t.match(await client.ask({ ':path': '/x' }), { status: 502, body: /upstream-unreachable/ })
})

t.test('status codes without a body, rare ones, and those that only HTTP/1.1 can say', async (t) => {
  const { client } = await start(t, {
    answer: (connection) => {
      connection.socket.on('data', () => {
        const status = /GET \/(\d+)/.exec(connection.bytes())?.[1]
        connection.send(`HTTP/1.1 ${status} Odd\r\nX-Mine: 1\r\nContent-Length: 2\r\n\r\nhi`)
        connection.socket.end()
      })
    },
  })
  for (const status of [204, 205, 304]) {
    t.match(await client.ask({ ':path': `/${status}` }), { status, body: '', code: 0 })
  }
  for (const status of [299, 599]) {
    t.match(await client.ask({ ':path': `/${status}` }), { status, body: 'hi', headers: { 'x-mine': '1' } })
  }
  for (const status of [600, 999]) {
    const { headers, ...answer } = await client.ask({ ':path': `/${status}` })
    t.match(answer, { status: 502, body: /upstream-invalid/, code: 0 })
    t.notOk('x-mine' in headers)
  }
})

t.test('events come as they are sent', async (t) => {
  const { upstream, client } = await start(t, {
    answer: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n',
  })
  const stream = client.session.request({ ':path': '/x', accept: 'text/event-stream' })
  const answer = answerOf(stream)
  const [headers] = await once(stream, 'response')
  t.equal(headers[':status'], 200)
  const { send, socket } = await upstream.connection(0)
  for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
    send(event)
    t.strictSame(await once(stream, 'data'), [event])
  }
  socket.end()
  t.match(await answer, { body: 'data: 1\n\ndata: 2\n\n', code: 0 })
})

t.test('a connection ends with as many requests as it may have', async (t) => {
  const { client } = await start(t, { server: 'limits: { max_requests_per_connection: 2 }' })
  t.match(await client.ask({ ':path': '/1' }), { status: 200 })
  t.match(await client.ask({ ':path': '/2' }), { status: 200 })
  await client.closed
})

t.test('so many requests may be under way on one connection, and the next one waits', async (t) => {
  const { upstream, client } = await start(t, { answer: () => undefined })
  const asked = Array.from({ length: 101 }, (_, i) => client.ask({ ':path': `/${i}` }))
  const connections = await Promise.all(Array.from({ length: 100 }, (_, i) => upstream.connection(i)))
  await Promise.all(connections.map(({ sees }) => sees('\r\n\r\n')))
  t.equal(headsAt(upstream).length, 100)
  connections[0]?.send('HTTP/1.1 204 No Content\r\n\r\n')
  t.match(await Promise.race(asked), { status: 204 })
  await connections[0]?.sees('GET /100 ')
})

for (const [what, timeouts] of [
  ['nothing came', 'headers: 50ms'],
  ['nothing came any more', 'keep_alive: 50ms'],
] as const) {
  t.test(`a connection is closed on which ${what}`, async (t) => {
    const { client } = await start(t, { server: `timeouts: { ${timeouts} }` })
    if (timeouts.startsWith('keep')) t.match(await client.ask({ ':path': '/x' }), { status: 200 })
    await client.closed
  })
}

t.test('a whole request may take no longer than the configuration says', async (t) => {
  const { upstream, client } = await start(t, {
    server: 'timeouts: { headers: 500ms, request: 500ms }',
    answer: () => undefined,
  })
  const whole = client.ask({ ':path': '/x', ':method': 'POST' }, 'hello')
  const short = client.ask({ ':path': '/x' })
  const answer = await answerOf(client.open({ ':path': '/x', ':method': 'POST' }))
  t.match(answer, { status: 0, code: 8 })
  for (const { socket } of upstream.connections) socket.destroy()
  t.match(await whole, { status: 502 }, 'one that is there may be answered as late as it likes')
  t.match(await short, { status: 502 })
})

t.test('an answer of our own that nobody reads does not stay for ever', async (t) => {
  const { client } = await start(t, {
    routes: ['path: /x, access: public'],
    server: 'timeouts: { send: 50ms }',
  })
  client.session.settings({ initialWindowSize: 0 })
  await once(client.session, 'localSettings')
  t.match(await client.ask({ ':path': '/nowhere', ...page }), { status: 404, body: '', code: 2 })
})

t.test('while it stops, requests that are there are finished, and their connection ends', async (t) => {
  const { gateway, upstream, client } = await start(t, { answer: () => undefined })
  const idle = await connectHttp2(t, gateway)
  const first = client.ask({ ':path': '/1' })
  const connection = await upstream.connection(0)
  await connection.sees('\r\n\r\n')
  const closing = gateway.app.close()
  await idle.closed
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  t.match(await first, { status: 200, body: 'hi' })
  await client.closed
  await closing
})

t.test('where notice of it was given, a connection takes one more request', async (t) => {
  const { gateway, client } = await start(t)
  const closing = gateway.app.close({ delayMs: 50, withinMs: 10_000 })
  t.match(await client.ask({ ':path': '/last' }), { status: 200 })
  await client.closed
  await closing
})

t.test('what was on its way when notice was given is served too; what comes after that is not', async (t) => {
  const { gateway } = await startTls(t, { server: 'limits: { max_requests_per_connection: 1 }' })
  const wire = await connectWire(t, gateway)
  const fields = fieldsOf(gateway, 'GET')
  const [first, second] = [wire.request(fields), wire.request(fields)]
  t.match(await wire.answer(first), { status: 200, isWhole: true })
  t.match(await wire.answer(second), { status: 200, isWhole: true })
  await wire.closed
  const told = wire.frames.filter(({ type }) => type === frameTypes.goaway)
  const lastStreams = new Set(told.map(({ payload }) => payload.readInt32BE(0)))
  t.strictSame([...lastStreams], [2 ** 31 - 1, second], 'that there is to be a last one, and which it was')
})

t.test('what is still open at the end of its patience is cut off', async (t) => {
  const { gateway, upstream, client } = await start(t, { answer: () => undefined })
  const asked = client.ask({ ':path': '/1' })
  await (await upstream.connection(0)).sees('\r\n\r\n')
  await gateway.app.close({ withinMs: 1 })
  t.notOk((await asked).isWhole)
  await client.closed
})

/** Shakes hands, and tells what was agreed on. */
async function agree(t: Test, port: number, protocols: string[] | undefined): Promise<TLSSocket> {
  const options: ConnectionOptions = { port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca') }
  const socket = connectTls({ ...options, ...(protocols && { ALPNProtocols: protocols }) })
  t.teardown(() => socket.destroy())
  await new Promise((resolve, reject) => {
    socket.on('secureConnect', resolve)
    socket.on('error', reject)
  })
  return socket
}

t.test('the client chooses the protocol, of those that the configuration in force offers', async (t) => {
  const { gateway } = await startTls(t)
  const spoken = async (protocols?: string[]) => (await agree(t, gateway.port, protocols)).alpnProtocol
  t.equal(await spoken(['h2', 'http/1.1']), 'h2')
  t.equal(await spoken(['http/1.1', 'h2']), 'h2', 'the better one')
  t.equal(await spoken(['http/1.1']), 'http/1.1')
  t.equal(await spoken(), false)
  await t.rejects(spoken(['spdy/3']), 'nobody is served by a protocol that was not agreed on')
  const { server } = gateway.config
  const tls = { ...(server.tls as NonNullable<typeof server.tls>), http2: false }
  const { commit } = await gateway.app.prepare({ ...gateway.config, server: { ...server, tls } })
  commit()
  t.equal(await spoken(['h2', 'http/1.1']), 'http/1.1')
})

t.test('who offers nothing is served by HTTP/1.1', async (t) => {
  const { gateway } = await startTls(t)
  const connection = record(await agree(t, gateway.port, undefined))
  connection.send(`GET /x HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n\r\n`)
  t.match(await connection.sees('hi'), /^HTTP\/1\.1 200 OK/)
})
