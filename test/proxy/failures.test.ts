import { mkdtempSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import t from 'tap'
import { type Gate, startGate, upstreamConfig } from '../support/gate.ts'
import { type Answer, inTurn, ok, startTimed } from '../support/proxied.ts'
import { pem, startRecorder } from '../support/recorder.ts'

const get = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'

const told = (gate: Gate): [string, string][] => gate.failures.map(({ code, detail }) => [code, detail])

t.test('an upstream that is not there is unreachable, and the detail says no more than why', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  const gate = await startGate(t, upstreamConfig(`http://127.0.0.1:${port}`))
  t.match(await gate.client(get).sees('UNREACHABLE'), /^HTTP\/1\.1 502 Bad Gateway\r\n/)
  t.same(told(gate), [['POSTERN_UPSTREAM_UNREACHABLE', 'upstream web: ECONNREFUSED']])
})

t.test('a body for an upstream that is not there is discarded, and the connection serves on', async (t) => {
  const gate = await startGate(t, upstreamConfig('http://127.0.0.1:1'))
  const client = gate.client('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345')
  await client.sees('UNREACHABLE')
  client.send(`67890${get}`)
  t.match(await client.sees(/UNREACHABLE[\s\S]*UNREACHABLE/), /502[\s\S]*502/)
})

t.test('an upstream that accepts but never finishes connecting times out', async (t) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const config = upstreamConfig(`https://127.0.0.1:${recorder.port}`, {
    timeouts: { connect: 20, headers: 5_000, body: 5_000 },
  })
  const gate = await startGate(t, config)
  t.match(await gate.client(get).sees('TIMEOUT'), /^HTTP\/1\.1 504 Gateway Timeout\r\n/)
  t.same(told(gate), [['POSTERN_UPSTREAM_TIMEOUT', 'upstream web: UND_ERR_CONNECT_TIMEOUT']])
})

t.test('an upstream that does not answer times out, and its connection is given up', async (t) => {
  const { recorder, gate } = await startTimed(t, () => undefined, { headers: 20 })
  t.match(await gate.client(get).sees('TIMEOUT'), /^HTTP\/1\.1 504 /)
  t.same(told(gate), [['POSTERN_UPSTREAM_TIMEOUT', 'upstream web: UND_ERR_HEADERS_TIMEOUT']])
  await recorder.connections[0]?.closed
})

t.test('an answer that stops in the middle is cut off after the body timeout', async (t) => {
  const { gate } = await startTimed(t, inTurn('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123'), {
    body: 20,
  })
  t.match(await gate.exchange(get), /\r\n\r\n123$/)
  t.match(gate.cuts[0], { code: 'POSTERN_UPSTREAM_TIMEOUT', detail: 'upstream web: UND_ERR_BODY_TIMEOUT' })
})

t.test('an event stream may be silent for longer than the body timeout', async (t) => {
  const { recorder, gate } = await startTimed(t, () => undefined, { body: 20 })
  const streaming = gate.client('GET /s HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n')
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
  await streaming.sees('\r\n\r\n')
  const plain = gate.client(get)
  const other = await recorder.connection(1)
  await other.sees('\r\n\r\n')
  other.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
  await plain.closed
  upstream.send('data: still here\n\n')
  await streaming.sees('still here')
})

t.test(
  'an upstream that hangs up unanswered on a new connection is unreachable, and not asked again',
  async (t) => {
    const { recorder, gate } = await startTimed(t, inTurn(undefined))
    t.match(await gate.client(get).sees('UNREACHABLE'), /^HTTP\/1\.1 502 /)
    t.equal(recorder.connections.length, 1)
  },
)

const broken: [name: string, answer: string][] = [
  ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
  [
    'two framings',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok'],
  ['a bad length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'],
  ['a bad header', 'HTTP/1.1 200 OK\r\nBad Header: 1\r\nContent-Length: 0\r\n\r\n'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\0\r\nContent-Length: 0\r\n\r\n'],
  ['too many header bytes', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`],
  [
    'a switch of protocols unasked',
    'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  ],
  ['a bare 101', `HTTP/1.1 101 Switching\r\n\r\n${ok}`],
  ['endless early hints', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(20)],
  ['100 Continue unasked', `HTTP/1.1 100 Continue\r\n\r\n${ok}`],
]

for (const [name, answer] of broken) {
  t.test(`an answer with ${name} is a broken one, and its connection is not used again`, async (t) => {
    const { recorder, gate } = await startTimed(t, inTurn(answer, ok))
    const client = gate.client(get)
    t.match(await client.sees('POSTERN'), /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*POSTERN_UPSTREAM_INVALID$/)
    await recorder.connections[0]?.closed
    client.send(get)
    await client.sees('\r\n\r\nok')
    t.equal(recorder.connections.length, 2)
  })
}

t.test('a header undici reads but Node will not write is a broken answer', async (t) => {
  const { gate } = await startTimed(
    t,
    inTurn('HTTP/1.1 200 Fine\r\nX-A: a\x01b\r\nContent-Length: 0\r\n\r\n'),
  )
  t.match(await gate.client(get).sees('POSTERN'), /^HTTP\/1\.1 502 Bad Gateway\r\n/)
})

t.test('bytes after a response never reach the next client', async (t) => {
  const { recorder, gate } = await startTimed(t, (connection, n) => {
    connection.socket.once('data', () =>
      connection.send(n === 0 ? `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil` : ok),
    )
  })
  await gate.client(get).sees('\r\n\r\nok')
  t.match(await gate.client(get).sees('\r\n\r\nok'), /\r\n\r\nok$/)
  t.equal(recorder.connections.length, 2)
})

t.test('a late second response never reaches the next client', async (t) => {
  const { recorder, gate } = await startTimed(t, inTurn(ok, ok))
  await gate.client(get).sees('\r\n\r\nok')
  recorder.connections[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
  await recorder.connections[0]?.closed
  t.match(await gate.client(get).sees('\r\n\r\nok'), /\r\n\r\nok$/)
})

t.test('an upstream that dies amid its answer cuts the client off, whatever the framing', async (t) => {
  for (const [answer, end] of [
    ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123', /\r\n\r\n123$/],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n', /\r\n\r\n3\r\n123\r\n$/],
  ] as const) {
    const { gate } = await startTimed(t, (connection) => {
      connection.socket.on('data', () => connection.socket.end(answer))
    })
    t.match(await gate.exchange(get), end)
    await gate.told(1)
    t.match(gate.cuts[0], { code: 'POSTERN_UPSTREAM_INVALID' })
    t.same(gate.failures, [])
  }
})

const dying: Answer = (connection) => {
  connection.socket.on('data', () =>
    connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n'),
  )
}

t.test('an HTTP/1.0 client, who knows no chunks, sees a reset instead of an end', async (t) => {
  const { recorder, gate } = await startTimed(t, dying)
  const client = gate.client('GET /x HTTP/1.0\r\nHost: a\r\n\r\n')
  await client.sees('123')
  const error = new Promise<NodeJS.ErrnoException>((resolve) => client.socket.once('error', resolve))
  recorder.connections[0]?.socket.destroy()
  t.equal((await error).code, 'ECONNRESET')
})

t.test('an HTTP/1.0 client behind a unix socket is cut off too', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'postern-')), 'gate.sock')
  const { recorder, gate } = await startTimed(t, dying, {}, { path })
  const client = gate.client('GET /x HTTP/1.0\r\nHost: a\r\n\r\n')
  await client.sees('123')
  recorder.connections[0]?.socket.destroy()
  await client.closed
  await gate.told(1)
  t.equal(gate.cuts.length, 1)
})

t.test('a client that goes away takes its upstream request along', async (t) => {
  const { recorder, gate } = await startTimed(t, () => undefined)
  for (const [n, request] of [
    get,
    'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345',
    'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n',
  ].entries()) {
    const client = gate.client(request)
    const upstream = await recorder.connection(n)
    await upstream.sees(n === 0 ? '\r\n\r\n' : '12345')
    client.socket.destroy()
    await upstream.closed
    t.notMatch(upstream.bytes(), /0\r\n\r\n$/, 'an aborted body never looks complete')
  }
  t.same([...gate.failures, ...gate.cuts], [])
})

t.test('a client that goes away amid an answer takes it along', async (t) => {
  const { recorder, gate } = await startTimed(t, inTurn('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123'))
  const client = gate.client(get)
  await client.sees('123')
  client.socket.destroy()
  await recorder.connections[0]?.closed
  t.same([...gate.failures, ...gate.cuts], [])
})

t.test('a client that goes away before the upstream is connected leaves no request behind', async (t) => {
  // A TLS upstream that lets the gateway wait for its handshake.
  const received: Buffer[] = []
  const secure = createTlsServer({ key: pem('server-key'), cert: pem('server') }, (socket) => {
    socket.on('data', (chunk) => received.push(chunk))
  })
  const server = createServer({ pauseOnConnect: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const dialled = new Promise<Socket>((resolve) => server.once('connection', resolve))
  let hasLeft: () => void
  const left = new Promise<void>((resolve) => {
    hasLeft = resolve
  })
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const gate = await startGate(t, upstreamConfig(origin, { tls: { ca: pem('ca') } }), (req) => {
    req.socket.once('close', () => setImmediate(hasLeft))
    return {}
  })
  const client = gate.client(get)
  const socket = await dialled
  client.socket.destroy()
  await left
  const closed = new Promise((resolve) => socket.once('close', resolve))
  secure.emit('connection', socket)
  await closed
  t.same(received, [])
  t.same([...gate.failures, ...gate.cuts], [])
})
