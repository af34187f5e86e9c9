import t from 'tap'
import { plainFacts, startGate, upstreamConfig } from '../support/gate.ts'
import { head, ok, startProxied } from '../support/proxied.ts'
import { startRecorder } from '../support/recorder.ts'

const silent = (): void => undefined

const added =
  'X-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.com\r\nX-Forwarded-For: 192.0.2.7\r\nX-Real-IP: 192.0.2.7\r\n'

t.test('a request reaches the upstream byte for byte as planned, and the answer comes back', async (t) => {
  const { recorder, gate } = await startProxied(t, ok, {
    facts: { bearer: 'token', requestId: 'r1', identity: [['X-Forwarded-User', 'alice']] },
  })
  const client = gate.client(
    head('GET', '/a%20b?q=1', 'X-A: 1', 'Cookie: postern=x; a=1', 'X-Forwarded-User: mallory'),
  )
  t.match(await client.sees('\r\n\r\nok'), /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\n/)
  t.equal(
    recorder.bytes(),
    'GET /a%20b?q=1 HTTP/1.1\r\nhost: app.example.com\r\nconnection: keep-alive\r\nX-A: 1\r\nCookie: a=1\r\n' +
      `${added}X-Request-Id: r1\r\nX-Forwarded-User: alice\r\nAuthorization: Bearer token\r\n\r\n`,
  )
})

t.test('every method passes, with its body as it was framed', async (t) => {
  const { recorder, gate } = await startProxied(t)
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'REPORT']) {
    const before = recorder.bytes().length
    const client = gate.client(`${head(method, '/x', 'Content-Length: 5')}hello`)
    await client.sees('\r\n\r\nok')
    const sent = recorder.bytes().slice(before)
    t.match(sent, new RegExp(`^${method} /x HTTP/1.1\r\n`))
    t.match(sent, /\r\ncontent-length: 5\r\n\r\nhello$/)
    t.notMatch(sent, /transfer-encoding/i)
  }
})

t.test('methods without a body are sent without one', async (t) => {
  const { recorder, gate } = await startProxied(t)
  for (const method of ['GET', 'OPTIONS', 'DELETE', 'TRACE']) {
    const before = recorder.bytes().length
    await gate.client(head(method, '/x')).sees('\r\n\r\nok')
    t.notMatch(recorder.bytes().slice(before), /content-length|transfer-encoding/i)
  }
  await gate.client(head('POST', '/x', 'Content-Length: 0')).sees('\r\n\r\nok')
  t.match(recorder.bytes(), /\r\ncontent-length: 0\r\n\r\n$/)
})

t.test('a chunked body stays chunked, and its trailers are dropped', async (t) => {
  const { recorder, gate } = await startProxied(t, silent)
  const client = gate.client(head('POST', '/x', 'Transfer-Encoding: chunked', 'Trailer: X-T'))
  client.send('5\r\nhello\r\n')
  const upstream = await recorder.connection(0)
  await upstream.sees('hello')
  client.send('1\r\n!\r\n0\r\nAuthorization: Bearer evil\r\nX-T: 1\r\n\r\n')
  const sent = await upstream.sees('\r\n0\r\n\r\n')
  t.match(sent, /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n$/)
  t.notMatch(sent, /evil|X-T|content-length/i)
})

t.test('a chunked body that is all there already is sent with its length', async (t) => {
  const { recorder, gate } = await startProxied(t)
  const body = '5\r\nhello\r\n1\r\n!\r\n0\r\nX-T: 1\r\n\r\n'
  await gate.client(head('POST', '/x', 'Transfer-Encoding: chunked') + body).sees('\r\n\r\nok')
  t.match(recorder.bytes(), /\r\ncontent-length: 6\r\n\r\nhello!$/)
  t.notMatch(recorder.bytes(), /transfer-encoding/i)
})

t.test('an empty chunked body of a GET is not sent on', async (t) => {
  const { recorder, gate } = await startProxied(t)
  await gate.client(`${head('GET', '/x', 'Transfer-Encoding: chunked')}0\r\n\r\n`).sees('\r\n\r\nok')
  t.notMatch(recorder.bytes(), /content-length|transfer-encoding/i)
})

t.test('bytes of a body are never taken for a request', async (t) => {
  const { recorder, gate } = await startProxied(t)
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: app.example.com\r\n\r\n'
  const client = gate.client(head('GET', '/x', `Content-Length: ${smuggled.length}`) + smuggled)
  await client.sees('\r\n\r\nok')
  client.send(head('GET', '/next'))
  await client.sees(/ok[\s\S]*\r\n\r\nok$/)
  t.match(
    recorder.connections[0]?.bytes(),
    new RegExp(`content-length: ${smuggled.length}\r\n\r\nGET /smuggled`),
  )
  t.match(recorder.connections[1]?.bytes(), /^GET \/next /)
  t.equal(recorder.connections.length, 2)
})

t.test('pipelined requests are answered in order', async (t) => {
  const { gate } = await startProxied(t, (connection) => {
    connection.socket.on('data', (chunk) => {
      const path = chunk.toString().split(' ')[1] as string
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    })
  })
  const client = gate.client(head('GET', '/1') + head('GET', '/2') + head('GET', '/3'))
  t.match(await client.sees('\r\n\r\n/3'), /\/1HTTP[\s\S]*\/2HTTP/)
})

t.test('answers without a body keep their length and need none', async (t) => {
  for (const [method, answer] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 700\r\nETag: "1"\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 700\r\nETag: "1"\r\n\r\n'],
    ['DELETE', 'HTTP/1.1 204 No Content\r\nETag: "1"\r\n\r\n'],
  ] as const) {
    const { gate } = await startProxied(t, answer, { setCookies: () => ['postern=new'] })
    const client = gate.client(head(method, '/x'))
    const received = await client.sees('\r\n\r\n')
    t.match(received, /\r\nETag: "1"\r\n/)
    t.match(received, /\r\nSet-Cookie: postern=new\r\n/)
    t.notMatch(received, /transfer-encoding/i)
    if (method !== 'DELETE') t.match(received, /\r\nContent-Length: 700\r\n/)
    client.send(head(method, '/y'))
    t.match(await client.sees(/\r\n\r\n[\s\S]*\r\n\r\n$/), /\r\n\r\nHTTP\/1\.1 /)
  }
})

t.test('a HEAD without a length needs none either', async (t) => {
  const { gate } = await startProxied(t, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  t.notMatch(await gate.client(head('HEAD', '/x')).sees('\r\n\r\n'), /content-length|transfer-encoding/i)
})

t.test('a chunked answer is passed on without its trailers', async (t) => {
  const { gate } = await startProxied(
    t,
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\nSet-Cookie: postern=evil\r\n\r\n',
  )
  const received = await gate.client(head('GET', '/x')).sees('0\r\n\r\n')
  t.match(received, /\r\n\r\n2\r\nok\r\n0\r\n\r\n$/)
  t.notMatch(received, /X-T|evil/)
})

t.test('an answer that ends with its connection is passed on as a whole', async (t) => {
  const { gate } = await startProxied(t, (connection) => {
    connection.socket.on('data', () => connection.socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'))
  })
  t.match(await gate.client(head('GET', '/x')).sees('0\r\n\r\n'), /9\r\nall of it\r\n0\r\n\r\n$/)
})

t.test('an upstream\u2019s own reason phrase is passed on if it is plain', async (t) => {
  const { gate } = await startProxied(t, 'HTTP/1.1 200 Very Fine\r\nContent-Length: 0\r\n\r\n')
  t.match(await gate.client(head('GET', '/x')).sees('\r\n\r\n'), /^HTTP\/1\.1 200 Very Fine\r\n/)
  const other = await startProxied(t, 'HTTP/1.1 404 \xd0\x9d\xd0\xb5\xd1\x82\r\nContent-Length: 0\r\n\r\n')
  t.match(await other.gate.client(head('GET', '/x')).sees('\r\n\r\n'), /^HTTP\/1\.1 404 Not Found\r\n/)
})

t.test('an upstream\u2019s cookies and redirects pass untouched, except for our cookies', async (t) => {
  const { gate } = await startProxied(
    t,
    'HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/x\r\nSet-Cookie: a=1\r\nSet-Cookie: postern=evil\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n',
    { setCookies: () => ['postern=new'], isProtected: true },
  )
  const received = await gate.client(head('GET', '/x')).sees('\r\n\r\n')
  t.match(received, /Location: http:\/\/10\.0\.0\.1\/x\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n/)
  t.match(received, /Set-Cookie: postern=new\r\n/)
  t.match(received, /Cache-Control: private/)
  t.notMatch(received, /evil/)
})

t.test(
  'a client that expects 100 Continue gets it before the upstream is asked for the answer',
  async (t) => {
    const { recorder, gate } = await startProxied(t)
    const client = gate.client(head('POST', '/x', 'Expect: 100-continue', 'Content-Length: 5'))
    t.equal(await client.sees('\r\n\r\n'), 'HTTP/1.1 100 Continue\r\n\r\n')
    client.send('hello')
    await client.sees('\r\n\r\nok')
    t.match(recorder.bytes(), /\r\n\r\nhello$/)
    t.notMatch(recorder.bytes(), /expect/i)
  },
)

t.test('early hints of an upstream are dropped', async (t) => {
  const { gate } = await startProxied(t, `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok}`)
  t.match(
    await gate.client(head('GET', '/x')).sees('\r\n\r\nok'),
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nDate/,
  )
})

t.test('Upgrade to anything but a WebSocket is not forwarded', async (t) => {
  const { recorder, gate } = await startProxied(t)
  const lines = [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
  ]
  t.match(await gate.exchange(head('GET', '/x', ...lines)), /^HTTP\/1\.1 200 OK\r\n/)
  t.equal(
    recorder.bytes(),
    `GET /x HTTP/1.1\r\nhost: app.example.com\r\nconnection: keep-alive\r\n${added}\r\n`,
  )
})

t.test('prefixes are mapped and the Host is rewritten where the configuration says so', async (t) => {
  const recorder = await startRecorder(ok)
  t.teardown(recorder.close)
  const config = upstreamConfig(recorder.origin, {
    url: { origin: recorder.origin, base_path: '/v1' },
    host: 'rewrite',
    strip_prefix: '/api',
    add_prefix: '/inner',
  })
  const gate = await startGate(t, config)
  t.equal(gate.upstream.host, `127.0.0.1:${recorder.port}`)
  await gate.client(head('GET', '/api/x?y')).sees('\r\n\r\nok')
  t.match(recorder.bytes(), /^GET \/v1\/inner\/x\?y HTTP/)
})

t.test('a plan with facts of its own is what counts, not the request', async (t) => {
  t.equal(plainFacts.passAuthorization, false)
  const { recorder, gate } = await startProxied(t, ok, { facts: { passAuthorization: true } })
  await gate.client(head('GET', '/x', 'Authorization: Basic eDp4')).sees('\r\n\r\nok')
  t.match(recorder.bytes(), /\r\nAuthorization: Basic eDp4\r\n/)
})
